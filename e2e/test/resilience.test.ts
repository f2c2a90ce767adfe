import type { RunningService } from '@quickticket/testing/service-process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway } from '../src/extra-replicas.ts'
import { get } from '../src/http.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { scrape } from '../src/metrics.ts'
import { expectProblem } from '../src/problem.ts'
import { createShop, type Shop } from '../src/shop.ts'
import { addEvent } from '../src/stores.ts'
import { type Reply, type StubPayments, startStubPayments } from '../src/stub-payments.ts'
import type { Environment, System } from '../src/system.ts'

let system: System
let payments: StubPayments
let eventId: number

beforeAll(async () => {
  system = await startLocalSystem()
  payments = await startStubPayments()
  eventId = await addEvent(system, 100_000)
})
afterAll(() => Promise.all([payments.close(), system.close()]))

async function open(environment: Environment): Promise<{ gateway: RunningService; shop: Shop }> {
  const gateway = await startGateway(system, { PAYMENTS_URL: payments.url, ...environment })
  return { gateway, shop: createShop(gateway.url) }
}

/** Pays a new reservation while payments answers as told, and counts the charges that were tried. */
async function pay(shop: Shop, ...replies: Reply[]) {
  payments.replies.splice(0, Number.POSITIVE_INFINITY, ...replies)
  payments.charges.length = 0
  const { reservation_id } = await shop.reserved(eventId)
  const answer = await shop.pay(reservation_id)
  return { ...answer, reservationId: reservation_id, attempts: payments.charges.length }
}

async function retriesOf(gateway: RunningService) {
  const metrics = await scrape(gateway.url)
  const results = ['retried', 'succeeded_after_retry', 'exhausted', 'non_retryable']
  const sum = (result: string) => metrics.sum('gateway_retry_total', { target: 'payments', result })
  return Object.fromEntries(results.map((result) => [result, sum(result)]))
}

test('RETRY_MAX unset: one attempt, whatever comes of it', async () => {
  const { shop } = await open({})
  for (const reply of [500, 503, 429, 'break'] as const) {
    expect(await pay(shop, reply)).toMatchObject({ attempts: 1 })
  }
})

test('RETRY_MAX=3: what may pass is tried up to three times, under one idempotency key', async () => {
  const { gateway, shop } = await open({ RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1' })
  for (const reply of [500, 502, 503, 504, 408, 429, 'break'] as const) {
    expect({ reply, ...(await pay(shop, reply, reply)) }).toMatchObject({ reply, status: 200, attempts: 3 })
  }
  expect(await retriesOf(gateway)).toEqual({
    retried: 14,
    succeeded_after_retry: 7,
    exhausted: 0,
    non_retryable: 0,
  })
  const { reservationId } = await pay(shop, 500, 500)
  expect(payments.charges.map(({ headers }) => headers['idempotency-key'])).toEqual(
    Array(3).fill(reservationId),
  )
  expect(payments.charges.map(({ body }) => body)).toEqual(
    Array(3).fill(expect.objectContaining({ reservation_id: reservationId, amount: 1000 })),
  )
})

test('RETRY_MAX=3: after the third failure the buyer gets the status of the last one', async () => {
  const { gateway, shop } = await open({ RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1' })
  const failed = await pay(shop, 500, 502, 503)
  expect(failed.attempts).toBe(3)
  expectProblem(failed, 503)
  expect(await retriesOf(gateway)).toMatchObject({ retried: 2, succeeded_after_retry: 0, exhausted: 1 })
})

test('RETRY_MAX=3: what cannot pass is not tried again', async () => {
  const { gateway, shop } = await open({ RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1' })
  for (const reply of [400, 402, 404, 409, 422] as const) {
    const refused = await pay(shop, reply)
    expect(refused.attempts).toBe(1)
    expectProblem(refused, reply)
  }
  expect(await retriesOf(gateway)).toEqual({
    retried: 0,
    succeeded_after_retry: 0,
    exhausted: 0,
    non_retryable: 5,
  })
})

test('RETRY_BASE_DELAY_MS: waits base·2^attempt plus up to base', async () => {
  const { shop } = await open({ RETRY_MAX: '4', RETRY_BASE_DELAY_MS: '150' })
  expect(await pay(shop, 500, 500, 500)).toMatchObject({ status: 200, attempts: 4 })
  const times = payments.charges.map(({ atMs }) => atMs)
  for (const [attempt, factor] of [1, 2, 4].entries()) {
    const waited = (times[attempt + 1] as number) - (times[attempt] as number)
    expect(waited).toBeGreaterThan(150 * factor - 5)
    expect(waited).toBeLessThan(150 * (factor + 1) + 1000)
  }
})

test.for(['hang', 'trickle'] as const)(
  'GATEWAY_TIMEOUT_MS: when payments answers with a %s, 504 at the deadline',
  async (reply) => {
    const { shop } = await open({ GATEWAY_TIMEOUT_MS: '700', RETRY_MAX: '3' })
    const late = await pay(shop, reply, reply, reply)
    expectProblem(late, 504)
    expect(late.elapsedMs).toBeGreaterThan(650)
    expect(late.elapsedMs).toBeLessThan(1400)
  },
)

test('CB_FAILURE_THRESHOLD unset: the circuit never opens', async () => {
  const { shop } = await open({})
  for (let failures = 0; failures < 20; failures++)
    expect(await pay(shop, 500)).toMatchObject({ attempts: 1 })
  expect((await shop.health()).json.checks.circuit_payments).toBe('CLOSED')
})

test('CB_FAILURE_THRESHOLD=3, CB_COOLDOWN_S=1: opens, probes, opens again, probes, closes', async () => {
  const { gateway, shop } = await open({ CB_FAILURE_THRESHOLD: '3', CB_COOLDOWN_S: '1' })
  const circuit = async () => (await shop.health()).json.checks.circuit_payments
  const transitions = async () => {
    const metrics = await scrape(gateway.url)
    const sum = (to: string) => metrics.sum('gateway_circuit_breaker_transitions_total', { to })
    return { OPEN: sum('OPEN'), HALF_OPEN: sum('HALF_OPEN'), CLOSED: sum('CLOSED') }
  }

  // failures count when they come in a row only, and only those that may pass
  for (const reply of [500, 503, 200, 'break', 500, 404, 200] as const) await pay(shop, reply)
  expect(await circuit()).toBe('CLOSED')
  for (const reply of [500, 'break', 503] as const) await pay(shop, reply)
  expect(await circuit()).toBe('OPEN')

  const fast = await pay(shop)
  expect(fast.attempts).toBe(0)
  const problem = expectProblem(fast, 503)
  expect(problem).toMatchObject({ message: expect.any(String), reservation_id: fast.reservationId })
  expect(fast.elapsedMs).toBeLessThan(500)
  expect((await shop.list()).status).toBe(200)
  expect((await shop.health()).status).toBe(200)

  await expect.poll(circuit, { timeout: 5000 }).toBe('HALF_OPEN')
  expect(await pay(shop, 500)).toMatchObject({ status: 500, attempts: 1 })
  expect(await circuit()).toBe('OPEN')
  await expect.poll(circuit, { timeout: 5000 }).toBe('HALF_OPEN')
  expect(await pay(shop)).toMatchObject({ status: 200, attempts: 1 })
  expect(await circuit()).toBe('CLOSED')

  expect(await transitions()).toEqual({ OPEN: 2, HALF_OPEN: 2, CLOSED: 1 })
  // log lines are written some milliseconds later
  const logged = () => gateway.logs.lines().filter(({ msg }) => msg === 'circuit transition')
  await expect
    .poll(() => logged().map(({ to }) => to))
    .toEqual(['OPEN', 'HALF_OPEN', 'OPEN', 'HALF_OPEN', 'CLOSED'])
  // the hold was kept all the while
  expect((await shop.pay(fast.reservationId)).status).toBe(200)
})

test('with retries and circuit, the circuit sees one outcome per request', async () => {
  const { shop } = await open({ RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '1', CB_FAILURE_THRESHOLD: '2' })
  const circuit = async () => (await shop.health()).json.checks.circuit_payments
  await pay(shop, 500, 500, 500)
  expect(await circuit()).toBe('CLOSED')
  await pay(shop, 500, 500, 500)
  expect(await circuit()).toBe('OPEN')
})

test('RATE_LIMIT_RPS=5: five a second and path, 429 beyond, never for health, metrics and probes', async () => {
  const { gateway, shop } = await open({ RATE_LIMIT_RPS: '5' })
  const ask = (path: string) => get(`${gateway.url}${path}`)
  const burst = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`/events/${(i % 5) + 1}`)))
  const rejected = burst.filter(({ status }) => status === 429)
  expect(burst.filter(({ status }) => status === 200)).toHaveLength(5)
  expect(rejected).toHaveLength(15)
  for (const answer of rejected) {
    const problem = expectProblem(answer, 429, 'rate_limited')
    expect(problem).toMatchObject({ path: '/events/{id}', limit_rps: 5 })
    expect(answer.headers['retry-after']).toBe('1')
  }
  expect((await ask('/events')).status).toBe(200)

  const exempt = ['/health', '/metrics', '/livez', '/readyz', '/version']
  for (const path of exempt) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(path)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  }

  // the second has passed at the latest when this is over
  await expect.poll(async () => (await shop.show(1)).status, { timeout: 5000, interval: 100 }).toBe(200)
  const metrics = await scrape(gateway.url)
  expect(metrics.sum('gateway_rate_limit_rejections_total', { path: '/events/{id}' })).toBe(
    metrics.sum('gateway_requests_total', { status: '429' }),
  )
})

test('RATE_LIMIT_RPS unset: no limit', async () => {
  const { shop } = await open({})
  const answers = await Promise.all(Array.from({ length: 200 }, () => shop.list()))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
})
