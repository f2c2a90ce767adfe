import { series } from '@quickticket/testing/series'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fakeUpstream, send } from './fake-upstream.ts'
import { openShop, type Shop, type ShopOptions } from './shop.ts'

let shop: Shop | undefined
afterEach(() => shop?.close())

async function reservedIn(options: ShopOptions) {
  shop = await openShop(options)
  const event = await shop.addEvent(5)
  return { shop, event, id: await shop.reserved(event, 2) }
}

/** Payments that always answer the same. */
async function reservedWith(status: number, gateway: Record<string, string>) {
  const payments = await fakeUpstream((_request, response) => send(response, status, {}))
  return { payments, ...(await reservedIn({ gateway: { PAYMENTS_URL: payments.url, ...gateway } })) }
}

async function expectHeld(shop: Shop, id: string): Promise<void> {
  expect(await shop.orders(id)).toEqual([])
  expect(await shop.events.holds.find(id)).toMatchObject({ state: 'held' })
}

describe('when payments is stopped', () => {
  test('pay is 503 at once and says what to do; the hold is kept and a later pay succeeds', async () => {
    const { shop, id, event } = await reservedIn({})
    await shop.doors.payments.shut()
    const answer = await shop.pay(id)
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({
      error: 'payments_unavailable',
      message: expect.stringMatching(/held.*try again/),
      reservation_id: id,
      detail: 'Payment service unavailable',
    })
    expect(answer.payload).not.toMatch(/ECONN|127\.0\.0\.1/)
    await expectHeld(shop, id)

    expect((await shop.gateway.app.inject('/events')).statusCode).toBe(200)
    expect((await shop.reserve(event)).statusCode).toBe(200)
    const health = await shop.gateway.app.inject('/health')
    expect(health.statusCode).toBe(503)
    expect(health.json()).toMatchObject({ status: 'degraded', checks: { events: 'ok', payments: 'down' } })

    await shop.doors.payments.open()
    expect((await shop.pay(id)).json()).toMatchObject({ order_id: id, status: 'confirmed' })
    expect((await shop.gateway.app.inject('/health')).statusCode).toBe(200)
  })
})

describe('when payments is slower than the deadline', () => {
  test('pay is 504, and the late charge takes no effect', async () => {
    const { shop, id } = await reservedIn({
      gateway: { GATEWAY_TIMEOUT_MS: '1000' },
      payments: { PAYMENT_LATENCY_MS: '1500' },
    })
    const answer = await shop.pay(id)
    expect(answer.statusCode).toBe(504)
    expect(answer.json()).toMatchObject({ error: 'payment_timeout', reservation_id: id })
    await expectHeld(shop, id)
    await vi.waitFor(
      async () => expect(await shop.charges()).toMatchObject({ expired: 1, success: 0 }),
      10_000,
    )
  })
})

describe('when payments answers with an error', () => {
  test('its 500 is passed on, and the hold is kept for another try', async () => {
    const { shop, id } = await reservedIn({ payments: { PAYMENT_FAILURE_RATE: '1' } })
    const answer = await shop.pay(id)
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ error: 'payment_failed', reservation_id: id })
    await expectHeld(shop, id)
    expect((await shop.gateway.app.inject('/health')).statusCode).toBe(200)
    expect((await shop.pay(id)).statusCode).toBe(500)
    expect(await shop.charges()).toMatchObject({ failed: 2, success: 0 })
  })

  test('its status is passed on, and nothing of its body', async () => {
    let status = 0
    const payments = await fakeUpstream((_request, response) =>
      send(response, status, { detail: 'secret' }, { 'retry-after': '7' }),
    )
    const { shop, id } = await reservedIn({ gateway: { PAYMENTS_URL: payments.url } })
    for (status of [402, 409, 429, 500, 502, 503]) {
      const answer = await shop.pay(id)
      expect(answer.statusCode).toBe(status)
      expect(answer.headers['retry-after']).toBe('7')
      expect(answer.json()).toMatchObject({
        error: 'payment_failed',
        detail: 'Payment failed',
        reservation_id: id,
      })
      expect(answer.payload).not.toContain('secret')
      await expectHeld(shop, id)
    }
  })

  test('a charge whose answer was lost is not repeated when the reservation is paid again', async () => {
    const { shop, id } = await reservedIn({
      gateway: { RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1' },
      payments: { PAYMENT_LOST_ANSWER_RATE: '1' },
    })
    expect((await shop.pay(id)).statusCode).toBe(500)
    expect((await shop.pay(id)).statusCode).toBe(500)
    expect(await shop.charges()).toMatchObject({ success: 1, replayed: 5 })
    expect(new Set(shop.payments.ledger().map((line) => line.payment_ref)).size).toBe(1)
  })
})

describe('with retries', () => {
  test('each attempt carries the same key, and the client sees one answer', async () => {
    const { shop, id, payments } = await reservedWith(500, { RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1' })
    expect((await shop.pay(id)).statusCode).toBe(500)
    expect(payments.requests).toHaveLength(3)
    for (const { path, headers, body } of payments.requests) {
      expect(path).toBe('/charge')
      expect(headers['idempotency-key']).toBe(id)
      expect(body).toMatchObject({ reservation_id: id, amount: 2000 })
    }
    expect(await series(shop.gateway.app, 'gateway_retry_total')).toEqual({
      'gateway_retry_total{target="payments",result="retried"}': 2,
      'gateway_retry_total{target="payments",result="exhausted"}': 1,
    })
  })

  test('a permanent failure is not retried', async () => {
    const { shop, id, payments } = await reservedWith(402, { RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1' })
    expect((await shop.pay(id)).statusCode).toBe(402)
    expect(payments.requests).toHaveLength(1)
    expect(await series(shop.gateway.app, 'gateway_retry_total')).toEqual({
      'gateway_retry_total{target="payments",result="non_retryable"}': 1,
    })
  })
})

describe('with a circuit breaker', () => {
  test('it sees one outcome per request, opens, and answers 503 without calling payments', async () => {
    const options = { RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1', CB_FAILURE_THRESHOLD: '2' }
    const { shop, id, payments } = await reservedWith(500, options)
    expect((await shop.pay(id)).statusCode).toBe(500)
    expect((await shop.gateway.app.inject('/health')).json().checks.circuit_payments).toBe('CLOSED')
    expect((await shop.pay(id)).statusCode).toBe(500)

    const chargesBefore = payments.requests.filter(({ path }) => path === '/charge').length
    const answer = await shop.pay(id)
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({ error: 'circuit_open', reservation_id: id })
    expect(payments.requests.filter(({ path }) => path === '/charge')).toHaveLength(chargesBefore)
    await expectHeld(shop, id)
    expect((await shop.gateway.app.inject('/health')).json().checks.circuit_payments).toBe('OPEN')
    expect(await series(shop.gateway.app, 'gateway_circuit_breaker_transitions_total')).toEqual({
      'gateway_circuit_breaker_transitions_total{to="OPEN"}': 1,
    })
    expect(await series(shop.gateway.app, 'gateway_circuit_breaker_state')).toEqual({
      'gateway_circuit_breaker_state{state="closed"}': 0,
      'gateway_circuit_breaker_state{state="half_open"}': 0,
      'gateway_circuit_breaker_state{state="open"}': 1,
    })
  })
})
