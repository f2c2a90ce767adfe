import { once } from 'node:events'
import { createServer } from 'node:http'
import { freePort } from '@quickticket/testing/free-port'
import { type Database, emptyDatabase } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Measurement } from '../src/chaos/probe.ts'
import { PROBES } from '../src/chaos/probes/all.ts'
import { type Context, createContext } from '../src/context.ts'

async function measure(context: Context, type: string, provider: object): Promise<Measurement> {
  const probe = PROBES.find(({ kind }) => kind === type)
  return probe?.measure(context, probe.read({ ...provider }, 'provider'))
}

describe('sql', () => {
  let database: Database
  let context: Context

  beforeAll(async () => {
    database = await emptyDatabase()
    await database.client.query('CREATE TABLE seats (id int); INSERT INTO seats VALUES (1), (2)')
    const { DB_PORT: POSTGRES_PORT = '', ...variables } = database.variables
    context = createContext({ ...variables, POSTGRES_PORT })
  })
  afterAll(() => database.drop())

  const sql = (query: string) => measure(context, 'sql', { query })

  test('finds the first column of the first row', async () => {
    expect(await sql('SELECT count(*) FROM seats')).toBe(2)
    expect(await sql('SELECT sum(id)::numeric / 2 FROM seats')).toBe(1.5)
    expect(await sql('SELECT count(*) > 1 FROM seats')).toBe(true)
    expect(await sql(`SELECT 'sold out'`)).toBe('sold out')
  })

  test('without a row there is no data', async () => {
    expect(await sql('SELECT id FROM seats WHERE id > 9')).toBeUndefined()
    expect(await sql('SELECT max(id) FROM seats WHERE id > 9')).toBeUndefined()
  })

  test('cannot change anything', async () => {
    await database.client.query('CREATE SEQUENCE numbers')
    await expect(sql(`SELECT nextval('numbers')`)).rejects.toThrow('read-only transaction')
    await expect(
      sql('WITH gone AS (DELETE FROM seats RETURNING id) SELECT count(*) FROM gone'),
    ).rejects.toThrow('read-only transaction')
    expect(await sql('SELECT count(*) FROM seats')).toBe(2)
  })

  test.each(['DELETE FROM seats', 'SELECT 1; DELETE FROM seats', 'COMMIT'])('refuses %s', async (query) => {
    await expect(sql(query)).rejects.toThrow('provider.query must be one statement that reads')
  })

  test('says what is wrong with a query', async () => {
    await expect(sql('SELECT id FROM halls')).rejects.toThrow('relation "halls" does not exist')
  })

  test('a database that does not answer is a value', async () => {
    const nowhere = createContext({ POSTGRES_PORT: String(await freePort()) })
    expect(await measure(nowhere, 'sql', { query: 'SELECT 1' })).toBe('no answer')
  })
})

interface Answer {
  status: number
  body: object
}

/** A gateway that gives the answers of a test, and that says what it was asked for. */
async function startGateway(answer: (request: string) => Answer) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`
    requests.push(line)
    const { status, body } = answer(line)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { requests, context: createContext({ GATEWAY_URL: `http://127.0.0.1:${port}` }) }
}

describe('http', () => {
  const failing = () => ({
    status: 503,
    body: { error: 'database_busy', checks: { events: 'down', open: 2 } },
  })

  test.each([
    ['status', 503],
    ['answer', '503 database_busy'],
    ['body.checks.events', 'down'],
    ['body.checks.open', 2],
    ['body.checks.payments', 'missing'],
  ])('takes %s', async (take, expected) => {
    const { context } = await startGateway(failing)
    expect(await measure(context, 'http', { path: '/health', take })).toBe(expected)
  })

  test('takes how long it took', async () => {
    const { context } = await startGateway(failing)
    expect(await measure(context, 'http', { path: '/health', take: 'seconds' })).toBeGreaterThanOrEqual(0)
  })

  test('no answer is a value', async () => {
    const context = createContext({ GATEWAY_URL: `http://127.0.0.1:${await freePort()}` })
    expect(await measure(context, 'http', { path: '/events' })).toBe(0)
    expect(await measure(context, 'http', { path: '/events', take: 'answer' })).toBe('no answer')
  })

  test.each([
    [{ path: 'events' }, 'provider.path must begin with /'],
    [{ url: 'ftp://x' }, 'provider allows a url that begins with http, or a path and a service'],
    [
      { path: '/', take: 'headers' },
      'provider.take is "headers"; allowed: status, seconds, answer, body.FIELD',
    ],
    [{ path: '/', timeout: '1m' }, 'provider.timeout is "1m"; allowed: a duration'],
  ])('refuses %j', async (provider, message) => {
    await expect(measure(createContext({}), 'http', provider)).rejects.toThrow(message)
  })
})

describe('purchase', () => {
  const ok = (body: object): Answer => ({ status: 200, body })

  /** reserves r1, r2, … until `mode.reserves` is false */
  async function startShop() {
    const mode = { reserves: true, pays: true }
    let reservations = 0
    const shop = await startGateway((request) => {
      if (request === 'GET /events')
        return {
          status: 200,
          body: [
            { id: 7, available: 3 },
            { id: 8, available: 50 },
          ],
        }
      if (request.endsWith('/pay'))
        return mode.pays ? ok({}) : { status: 503, body: { error: 'payments_unavailable' } }
      if (request.startsWith('DELETE')) return ok({})
      if (!mode.reserves) return { status: 503, body: { error: 'reservations_unavailable' } }
      reservations += 1
      return ok({ reservation_id: `r${reservations}` })
    })
    return { ...shop, mode }
  }

  test('reserves where most seats are, and gives the seat back', async () => {
    const { context, requests } = await startShop()
    expect(await measure(context, 'purchase', { step: 'reserve' })).toBe(200)
    expect(requests).toEqual(['GET /events', 'POST /events/8/reserve', 'DELETE /reserve/r1'])
  })

  test('pays for what was reserved before while nothing can be reserved', async () => {
    const { context, mode, requests } = await startShop()
    const pay = () => measure(context, 'purchase', { step: 'pay', event: 3, take: 'answer' })
    expect(await pay()).toBe('200')
    Object.assign(mode, { reserves: false, pays: false })
    expect(await pay()).toBe('503 payments_unavailable')
    expect(requests.at(-1)).toBe('POST /reserve/r2/pay')
    // the same one again, since it was not paid
    mode.pays = true
    expect(await pay()).toBe('200')
    expect(requests.at(-1)).toBe('POST /reserve/r2/pay')
  })

  test('that nothing can be reserved is the answer when there is nothing to pay for', async () => {
    const { context, mode } = await startShop()
    mode.reserves = false
    expect(await measure(context, 'purchase', { step: 'pay', take: 'answer' })).toBe(
      '503 reservations_unavailable',
    )
  })
})
