import type { RunningService } from '@quickticket/testing/service-process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../src/extra-replicas.ts'
import { get } from '../src/http.ts'
import { mapConcurrently } from '../src/limited-concurrency.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { scrape } from '../src/metrics.ts'
import { createShop, type Shop } from '../src/shop.ts'
import { addEvent } from '../src/stores.ts'
import type { Environment, System } from '../src/system.ts'

let system: System
let eventId: number

beforeAll(async () => {
  system = await startLocalSystem()
  eventId = await addEvent(system, 100_000)
})
afterAll(() => system.close())

async function open(environment: Environment): Promise<{ gateway: RunningService; shop: Shop }> {
  const gateway = await startGateway(system, environment)
  return { gateway, shop: createShop(gateway.url) }
}

/** Reserves and pays one after the other, and keeps what each pay came to. */
async function checkOut(shop: Shop, times: number) {
  const pays = []
  for (let i = 0; i < times; i++) {
    const { reservation_id } = await shop.reserved(eventId)
    pays.push(await shop.pay(reservation_id))
  }
  return pays
}

const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status)

describe('notifications', () => {
  test('30 % failing and 300 ms slow: 30 of 30 pays succeed, and none waits for a notification', async () => {
    await system.restart('notifications', { NOTIFY_FAILURE_RATE: '0.3', NOTIFY_LATENCY_MS: '300' })
    const { gateway, shop } = await open({ NOTIFICATIONS_URL: system.url.notifications })

    const pays = await checkOut(shop, 30)

    expect(statuses(pays)).toEqual(Array(30).fill(200))
    const quickest = pays.map(({ elapsedMs }) => elapsedMs).toSorted((a, b) => a - b)
    expect(quickest[Math.floor(30 / 2)]).toBeLessThan(300)
    await expect
      .poll(async () => (await scrape(gateway.url)).sum('gateway_notifications_total'), { timeout: 10_000 })
      .toBe(30)
    const { sum } = await scrape(system.url.notifications)
    const failed = sum('notifications_notify_total', { result: 'failed' })
    expect(failed + sum('notifications_notify_total', { result: 'success' })).toBe(30)
    // log lines are written some milliseconds later
    const failures = () => gateway.logs.lines().filter(({ msg }) => msg === 'notify failed (non-critical)')
    await expect.poll(() => failures().length).toBe(failed)
  })
})

describe('payments', () => {
  test('30 % failing, RETRY_MAX=3: at least 29 of 30 pays succeed (0.3³ do not)', async () => {
    await system.restart('payments', { PAYMENT_FAILURE_RATE: '0.3', FAULT_SEED: '11' })
    const { gateway, shop } = await open({ RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '5' })

    const pays = await checkOut(shop, 30)

    expect(statuses(pays).filter((status) => status === 200).length).toBeGreaterThanOrEqual(29)
    const { sum } = await scrape(gateway.url)
    expect(sum('gateway_retry_total', { result: 'succeeded_after_retry' })).toBeGreaterThan(0)
  })

  test('30 % failing, RETRY_MAX=3, while others buy: as many pays succeed as without them (0.3³ do not)', async () => {
    await system.restart('payments', { PAYMENT_FAILURE_RATE: '0.3', FAULT_SEED: '11' })
    const { gateway, shop } = await open({ RETRY_MAX: '3', RETRY_BASE_DELAY_MS: '5' })
    const checkOutOnce = async () => (await checkOut(shop, 1))[0] as { status: number }

    // what one of five gateways gets of the lab's mixedload in ten minutes
    const others = mapConcurrently(Array(600).fill(0), 8, checkOutOnce)
    const pays = [...(await checkOut(shop, 30)), ...(await others)]

    // 97.3 % are expected; with a budget of 20 % it is 87
    const paid = statuses(pays).filter((status) => status === 200)
    expect(paid.length).toBeGreaterThanOrEqual(pays.length * 0.94)
    const { sum } = await scrape(gateway.url)
    expect(sum('gateway_retry_total', { result: 'exhausted' })).toBe(pays.length - paid.length)
  })

  test('100 % failing: 500 until the fifth failure, 503 at once after it, and 200 again after the cooldown', async () => {
    await system.restart('payments', { PAYMENT_FAILURE_RATE: '1' })
    const { shop } = await open({ CB_FAILURE_THRESHOLD: '5', CB_COOLDOWN_S: '1' })
    const circuit = async () => (await shop.health()).json.checks.circuit_payments

    const pays = await checkOut(shop, 10)
    expect(statuses(pays)).toEqual([...Array(5).fill(500), ...Array(5).fill(503)])
    for (const { elapsedMs } of pays.slice(5)) expect(elapsedMs).toBeLessThan(1000)

    await system.restart('payments')
    await expect.poll(circuit, { timeout: 10_000 }).toBe('HALF_OPEN')
    expect(statuses(await checkOut(shop, 5))).toEqual(Array(5).fill(200))
    expect(await circuit()).toBe('CLOSED')
  })

  test('a retry storm: 200 buyers of payments that are down cost little more than 200 charges', async () => {
    await system.restart('payments', { PAYMENT_FAILURE_RATE: '1' })
    const { gateway, shop } = await open({
      RETRY_MAX: '5',
      RETRY_BASE_DELAY_MS: '1',
      RETRY_BUDGET_PERCENT: '20',
    })
    const reservations = await mapConcurrently(Array(200).fill(0), 20, () => shop.reserved(eventId))

    await Promise.all(reservations.map(({ reservation_id }) => shop.pay(reservation_id)))

    const { sum } = await scrape(system.url.payments)
    const charges = sum('payments_requests_total', { path: '/charge' })
    expect(charges).toBeGreaterThan(200)
    expect(charges).toBeLessThanOrEqual(200 * 1.2 + 20)
    const retried = (await scrape(gateway.url)).sum('gateway_retry_total', { result: 'retried' })
    expect(charges).toBe(200 + retried)
  })
})

describe('the bulkhead', () => {
  test('30 pays at once of payments that take 3 s: 10 have a place and are paid, 20 hear that it is full, lists go on', async () => {
    await system.restart('payments', { PAYMENT_LATENCY_MS: '3000' })
    const { gateway, shop } = await open({
      BULKHEAD_PAYMENTS_MAX: '10',
      BULKHEAD_PAYMENTS_TIMEOUT_S: '0.5',
      GATEWAY_TIMEOUT_MS: '30000',
    })
    const inFlight = async () =>
      (await scrape(gateway.url)).sum('gateway_bulkhead_in_flight', { target: 'payments' })
    const reservations = await mapConcurrently(Array(30).fill(0), 10, () => shop.reserved(eventId))

    let paid = 0
    const pays = Promise.all(
      reservations.map(async ({ reservation_id }) => {
        const answer = await shop.pay(reservation_id)
        if (answer.status === 200) paid++
        return answer
      }),
    )
    await expect.poll(inFlight, { timeout: 10_000 }).toBe(10)
    expect((await get(`${gateway.url}/events`)).status).toBe(200)
    expect(paid).toBe(0)

    const answers = await pays
    expect(statuses(answers).toSorted()).toEqual([...Array(10).fill(200), ...Array(20).fill(503)])
    const { sum } = await scrape(gateway.url)
    expect(sum('gateway_bulkhead_rejections_total', { target: 'payments' })).toBe(20)
    expect(await inFlight()).toBe(0)
  })
})

describe('the rate limiter', () => {
  test('100 rapid requests at 10 a second: never 11 in one second, the others hear when to come back', async () => {
    const { gateway } = await open({ RATE_LIMIT_RPS: '10' })
    const startedAt = performance.now()
    const answers = await mapConcurrently(Array(100).fill(0), 100, async () => {
      const answer = await get(`${gateway.url}/events`)
      return { ...answer, heardAt: performance.now() - startedAt }
    })

    const served = answers.filter(({ status }) => status === 200)
    const lastedS = Math.max(...answers.map(({ heardAt }) => heardAt)) / 1000
    expect(served.length).toBeGreaterThanOrEqual(10)
    expect(served.length).toBeLessThanOrEqual(10 * Math.ceil(lastedS))
    for (const { status, headers } of answers) {
      expect(headers['ratelimit-policy']).toBe('"per-path";q=10;w=1')
      if (status !== 200)
        expect({ status, after: headers['retry-after'] }).toEqual({ status: 429, after: '1' })
    }
  })

  test('5 requests a second are never limited to 10', async () => {
    const { gateway } = await open({ RATE_LIMIT_RPS: '10' })
    const answers: { status: number }[] = []
    await new Promise<void>((resolve) => {
      const pace = setInterval(async () => {
        answers.push(await get(`${gateway.url}/events`))
        if (answers.length < 15) return
        clearInterval(pace)
        resolve()
      }, 200)
    })
    expect(new Set(statuses(answers))).toEqual(new Set([200]))
  })

  test('two gateways that share their windows admit together what one may', async ({ skip }) => {
    const { redis } = system
    if (!redis) return skip('there is no redis-server or valkey-server here')
    const shared = {
      RATE_LIMIT_RPS: '10',
      RATE_LIMIT_STORE: 'redis',
      REDIS_HOST: redis.host,
      REDIS_PORT: String(redis.port),
    }
    const [first, second] = [await open(shared), await open(shared)]
    await expect.poll(async () => (await get(`${first.gateway.url}/events/1`)).status).toBe(200)

    const startedAt = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => get(`${(i % 2 ? first : second).gateway.url}/events`)),
    )
    const windows = Math.ceil((performance.now() - startedAt) / 1000)
    const served = statuses(answers).filter((status) => status === 200)
    expect(served.length).toBeGreaterThanOrEqual(10)
    expect(served.length).toBeLessThanOrEqual(10 * windows)
  })
})
