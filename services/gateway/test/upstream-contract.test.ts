import type { ServerResponse } from 'node:http'
import { gatewayApp } from '@quickticket/testing/gateway-app'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fakeUpstream, send } from './fake-upstream.ts'
import { openShop, type Shop } from './shop.ts'

type Answer = (response: ServerResponse) => unknown

const HTML = { 'content-type': 'text/html' }

/** What stands where a service should be: another service, a proxy, a login page. */
const OUTSIDE: [what: string, answer: Answer][] = [
  ['201', (response) => send(response, 201, { status: 'charged', payment_ref: 'PAY-12345678' })],
  ['204', (response) => response.writeHead(204).end()],
  ['302', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['304', (response) => response.writeHead(304).end()],
  ['a page of a proxy', (response) => response.writeHead(200, HTML).end('<h1>Welcome</h1>')],
  ['an error page of a proxy', (response) => response.writeHead(404, HTML).end('<h1>Not here</h1>')],
  ['401', (response) => send(response, 401, { error: 'unauthorized', detail: 'secret' })],
  ['half a JSON', (response) => response.writeHead(200, JSON_TYPE).end('{"payment_ref":"PAY-1')],
  ['a JSON of another kind', (response) => send(response, 200, ['PAY-12345678'])],
  ['more than can be an answer', (response) => response.writeHead(200, JSON_TYPE).end(` ${TOO_MUCH}`)],
]
const JSON_TYPE = { 'content-type': 'application/json' }
const TOO_MUCH = ' '.repeat(17 * 1024 * 1024)

describe('an answer to a charge that payments never gives is a failure', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop()
  })
  afterAll(() => shop.close())

  test.each(OUTSIDE)('%s: 503, the hold is kept, and a later pay succeeds', async (_what, answer) => {
    let isBroken = true
    const payments = await fakeUpstream((request, response) =>
      isBroken ? answer(response) : send(response, 200, paymentOf(request.body)),
    )
    const gateway = await gatewayApp({
      EVENTS_URL: shop.doors.events.url,
      PAYMENTS_URL: payments.url,
      CB_FAILURE_THRESHOLD: '5',
    })
    onTestFinished(() => gateway.app.close())
    const id = await shop.reserved(await shop.addEvent(5))
    const pay = () => gateway.app.inject({ method: 'POST', url: `/reserve/${id}/pay` })

    const failed = await pay()
    expect(failed.statusCode).toBe(503)
    expect(failed.json()).toMatchObject({ error: 'payments_unavailable', reservation_id: id })
    expect(failed.payload).not.toMatch(/secret|PAY-|<h1>/)
    expect(await shop.orders(id)).toEqual([])
    expect(await shop.events.holds.find(id)).toMatchObject({ state: 'held' })

    isBroken = false
    expect((await pay()).json()).toMatchObject({ order_id: id, status: 'confirmed' })
  })
})

describe('an answer that events never gives is a bad gateway', () => {
  const asked: [what: string, method: 'GET' | 'POST' | 'DELETE', url: string][] = [
    ['the list', 'GET', '/events'],
    ['a reserve', 'POST', '/events/1/reserve'],
    ['a pay', 'POST', '/reserve/r-1/pay'],
    ['a reservation', 'GET', '/reserve/r-1'],
    ['a release', 'DELETE', '/reserve/r-1'],
  ]
  const answered = OUTSIDE.filter(([what]) => !what.includes('JSON'))

  test.each(asked)('%s', async (_what, method, url) => {
    let answer: Answer = () => undefined
    const events = await fakeUpstream((_request, response) => answer(response))
    const { app } = await gatewayApp({ EVENTS_URL: events.url })
    onTestFinished(async () => {
      await app.close()
      events.close()
    })
    for (const [what, way] of answered) {
      answer = way
      const { statusCode, headers, payload } = await app.inject({
        method,
        url,
        ...(method === 'POST' && { payload: {} }),
      })
      expect({ what, statusCode }).toEqual({ what, statusCode: 502 })
      expect(headers.location).toBeUndefined()
      expect(JSON.parse(payload)).toMatchObject({ error: 'events_unavailable' })
      expect(payload).not.toMatch(/secret|<h1>/)
    }
  })

  test('a checkout without an amount is one, and nothing is charged', async () => {
    let checkout: unknown
    const events = await fakeUpstream((_request, response) => send(response, 200, checkout))
    const payments = await fakeUpstream((_request, response) => send(response, 200, {}))
    const { app } = await gatewayApp({ EVENTS_URL: events.url, PAYMENTS_URL: payments.url })
    onTestFinished(() => app.close())
    for (checkout of [{}, [], 'x', null, { total_cents: '5' }, { total_cents: -5 }, { total_cents: 0.5 }]) {
      const answer = await app.inject({ method: 'POST', url: '/reserve/r-1/pay' })
      expect(answer.statusCode).toBe(502)
    }
    expect(payments.requests).toEqual([])
  })
})

function paymentOf(body: unknown) {
  return { status: 'charged', payment_ref: 'PAY-12345678', ...(body as object) }
}
