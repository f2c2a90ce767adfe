import { series } from '@quickticket/testing/series'
import { describe, expect, test } from 'vitest'
import { faultyApp, TOKEN } from './faulty-app.ts'

const withToken = (env: Record<string, string> = {}) => faultyApp({ FAULT_ADMIN_TOKEN: TOKEN, ...env })

test.each(['GET', 'PUT', 'DELETE', 'POST'] as const)(
  'without a token in the variables, %s /faults is an ordinary 404',
  async (method) => {
    const { app, admin } = await faultyApp({ FAULTS: '1% hang' })
    const answer = await app.inject({ method, url: '/faults' })
    const other = await app.inject({ method, url: '/nowhere' })
    expect({ ...answer.json(), request_id: '' }).toEqual({ ...other.json(), request_id: '' })
    expect(answer.statusCode).toBe(404)
    expect((await admin('GET')).statusCode).toBe(404)
    expect((await app.inject('/openapi.json')).json().paths).not.toHaveProperty('/faults')
  },
)

describe('a request without the token is refused', () => {
  test.each([
    ['nothing', undefined],
    ['another token', 'Bearer let me out'],
    ['a part of it', 'Bearer let me i'],
    ['more than it', 'Bearer let me in!'],
    ['no token', 'Bearer '],
    ['the token alone', TOKEN],
    ['another scheme', `Basic ${TOKEN}`],
  ])('%s: 401', async (_what, authorization) => {
    const { app } = await withToken()
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const answer = await app.inject({
        method,
        url: '/faults',
        headers: authorization === undefined ? {} : { authorization },
        ...(method === 'PUT' && { payload: { faults: '100% status=500' } }),
      })
      expect(answer.statusCode).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="faults"/)
      expect(answer.json()).toMatchObject({ status: 401, error: 'unauthorized' })
      expect(answer.payload).not.toContain(TOKEN)
    }
    expect((await app.inject('/things')).statusCode).toBe(200)
  })

  test('blanks before the token are ignored, up to the limit of a header', async () => {
    const { app } = await withToken()
    const ask = (authorization: string) => app.inject({ url: '/faults', headers: { authorization } })
    const blanks = ' '.repeat(15 * 1024)
    expect((await ask(`Bearer ${blanks}${TOKEN}`)).statusCode).toBe(200)
    expect((await ask(`Bearer ${blanks}\t${blanks}`)).statusCode).toBe(401)
  })

  test('the name of the scheme is not case-sensitive', async () => {
    const { app } = await withToken()
    const answer = await app.inject({ url: '/faults', headers: { authorization: `bearer ${TOKEN}` } })
    expect(answer.statusCode).toBe(200)
  })
})

test('rules are set, read and deleted', async () => {
  const { app, admin, logs } = await withToken()
  expect((await admin('GET')).json()).toEqual({ faults: '', rules: [] })

  const faults = 'GET /things 100% status=503; POST 7% latency=1s..2s for=30s after=1m'
  const put = await admin('PUT', `${faults} ;`)
  expect(put.statusCode).toBe(200)
  const rules = [
    {
      fault: 'status',
      method: 'GET',
      path: '/things',
      share_percent: 100,
      after_ms: 0,
      for_ms: null,
      active: true,
      injected: 0,
    },
    {
      fault: 'latency',
      method: 'POST',
      path: '*',
      share_percent: 7,
      after_ms: 60_000,
      for_ms: 30_000,
      active: false,
      injected: 0,
    },
  ]
  expect(put.json()).toEqual({ faults, rules })
  expect(logs.lines()).toContainEqual(expect.objectContaining({ msg: 'faults set', level: 'WARNING' }))

  expect((await app.inject('/things')).statusCode).toBe(503)
  expect((await admin('GET')).json().rules[0]).toEqual({ ...rules[0], injected: 1 })

  const deleted = await admin('DELETE')
  expect(deleted.statusCode).toBe(200)
  expect(deleted.json()).toEqual({ faults: '', rules: [] })
  expect((await app.inject('/things')).statusCode).toBe(200)
  expect(await series(app, 'example_fault_active')).toEqual({
    'example_fault_active{fault="status"}': 0,
    'example_fault_active{fault="latency"}': 0,
  })
})

test('the rules of FAULTS are in force until they are replaced', async () => {
  const { app, admin } = await withToken({ FAULTS: '100% status=500' })
  expect((await app.inject('/things')).statusCode).toBe(500)
  await admin('PUT', '100% status=502')
  expect((await app.inject('/things')).statusCode).toBe(502)
  expect((await admin('PUT', '')).json()).toEqual({ faults: '', rules: [] })
  expect((await app.inject('/things')).statusCode).toBe(200)
})

test('with the same seed, rules that are set again repeat', async () => {
  const { app, admin } = await withToken()
  async function statuses(): Promise<number[]> {
    await admin('PUT', '50% status=500')
    const seen: number[] = []
    for (let i = 0; i < 50; i++) seen.push((await app.inject('/things')).statusCode)
    return seen
  }
  expect(await statuses()).toEqual(await statuses())
})

test('a mistake in the rules is 400 with its column, and changes nothing', async () => {
  const { app, admin } = await withToken({ FAULTS: '100% status=500' })
  const answer = await admin('PUT', 'GET /things 5% explode')
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({
    error: 'invalid_faults',
    column: 16,
    detail: expect.stringContaining('at column 16: "explode" is no fault'),
  })
  expect((await admin('PUT', '100% db-pool-leak')).json()).toMatchObject({
    error: 'invalid_faults',
    column: 6,
  })
  expect((await app.inject('/things')).statusCode).toBe(500)
})

test.each([{}, { faults: 1 }, [], 'text', null])('the body %j is refused with 400', async (payload) => {
  const { app } = await withToken()
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const answer = await app.inject({
    method: 'PUT',
    url: '/faults',
    headers,
    payload: JSON.stringify(payload),
  })
  expect(answer.json()).toMatchObject({ status: 400, error: 'invalid_body' })
})

test('another method is 405, and the routes are documented', async () => {
  const { app } = await withToken()
  expect((await app.inject({ method: 'POST', url: '/faults' })).statusCode).toBe(405)
  expect(Object.keys((await app.inject('/openapi.json')).json().paths['/faults'])).toEqual([
    'get',
    'put',
    'delete',
  ])
})
