import type { ServiceName } from '@quickticket/contract/services'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { expectProblem } from '../src/problem.ts'
import { createShop, type Shop } from '../src/shop.ts'
import {
  chargeRequests,
  expectRecovery,
  startTimes,
  successfulCharges,
  takeSnapshot,
} from '../src/snapshot.ts'
import { startSystem } from '../src/start-system.ts'
import { addEvent, redisCommand, sql } from '../src/stores.ts'
import type { System } from '../src/system.ts'

const GATEWAY_TIMEOUT_MS = 5000
/** What a busy machine may add to a time that the contract names. */
const SLACK_MS = 2500

let system: System
let shop: Shop
let eventId: number
/** a reservation from before the fault */
let reservationId: string
let processes: Record<string, number>
/** services that a test starts again itself */
let restarted: ServiceName[]

beforeAll(async () => {
  system = await startSystem()
  shop = createShop(system.url.gateway)
  eventId = await addEvent(system, 100_000)
})
afterAll(() => system.close())

beforeEach(async () => {
  restarted = []
  reservationId = (await shop.reserved(eventId)).reservation_id
  processes = await startTimes(system)
})

afterEach(async () => {
  await expectRecovery(shop, eventId)
  for (const service of restarted) delete processes[service]
  expect(await startTimes(system, restarted)).toEqual(processes)
})

const seen = () => takeSnapshot(shop, eventId, reservationId)
const payLater = async () => expect((await shop.pay(reservationId)).status).toBe(200)

test('payments is stopped: paying answers 503 and keeps the hold, all else goes on', async () => {
  restarted = ['payments']
  await system.stop('payments')
  const { statuses, pay, health } = await seen()
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 503, health: 503 })
  const problem = expectProblem(pay, 503, 'payments_unavailable')
  expect(problem).toMatchObject({ message: expect.any(String), reservation_id: reservationId })
  expect(health.json).toMatchObject({ status: 'degraded', checks: { events: 'ok', payments: 'down' } })

  await system.start('payments')
  await payLater()
  expect(await successfulCharges(system)).toBe(1)
  expect(await chargeRequests(system)).toBe(1)
})

test('payments hangs: paying answers 504 at the deadline, and works when payments goes on', async () => {
  await system.pause('payments')
  const { statuses, pay, health } = await seen()
  await system.resume('payments')
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 504, health: 503 })
  expectProblem(pay, 504)
  expectDeadline(pay.elapsedMs)
  expect(health.json).toMatchObject({ checks: { events: 'ok', payments: 'down' } })
  await payLater()
})

test('payments is slower than the deadline: 504 at the deadline, and later one charge', async () => {
  restarted = ['payments']
  await system.restart('payments', { PAYMENT_LATENCY_MS: String(GATEWAY_TIMEOUT_MS + 1000) })
  const { statuses, pay, health } = await seen()
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 504, health: 200 })
  expectProblem(pay, 504)
  expectDeadline(pay.elapsedMs)
  expect(health.json).toMatchObject({ status: 'healthy', checks: { payments: 'ok' } })

  await system.restart('payments')
  await payLater()
  await payLater()
  expect(await successfulCharges(system)).toBe(1)
})

test('payments fails: paying answers what payments answered, and the system is healthy', async () => {
  restarted = ['payments']
  await system.restart('payments', { PAYMENT_FAILURE_RATE: '1' })
  const { statuses, pay, health } = await seen()
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 500, health: 200 })
  expectProblem(pay, 500)
  expect(health.json).toMatchObject({ status: 'healthy', checks: { payments: 'ok' } })

  await system.restart('payments')
  await payLater()
})

test('events is stopped: 502, and nothing is charged', async () => {
  restarted = ['events']
  const before = await chargeRequests(system)
  await system.stop('events')
  const { statuses, list, reserve, pay, health } = await seen()
  expect(statuses).toEqual({ list: 502, show: 502, reserve: 502, pay: 502, health: 503 })
  for (const answer of [list, reserve, pay]) expectProblem(answer, 502)
  expect(health.json).toMatchObject({ status: 'degraded', checks: { events: 'down', payments: 'ok' } })
  expect(await chargeRequests(system)).toBe(before)

  await system.start('events')
  if (system.redis) await payLater()
})

test('events hangs: 504 at the deadline, and nothing is charged', async () => {
  const before = await chargeRequests(system)
  await system.pause('events')
  const { statuses, list, reserve, pay, health } = await seen()
  expect(await chargeRequests(system)).toBe(before)
  await system.resume('events')
  expect(statuses).toEqual({ list: 504, show: 504, reserve: 504, pay: 504, health: 503 })
  for (const answer of [list, reserve, pay]) {
    expectProblem(answer, 504)
    expectDeadline(answer.elapsedMs)
  }
  expect(health.json).toMatchObject({ checks: { events: 'down', payments: 'ok' } })
  await payLater()
})

test('events and payments hang: health asks both at a time and answers', async () => {
  await Promise.all([system.pause('events'), system.pause('payments')])
  const health = await shop.health()
  await Promise.all([system.resume('events'), system.resume('payments')])
  expect(health).toMatchObject({ status: 503, json: { checks: { events: 'down', payments: 'down' } } })
  expect(health.elapsedMs).toBeLessThan(3500)
})

test.for(['stop', 'kill', 'pause'] as const)(
  'Redis: %s: reserving and paying fail, the list stays',
  async (fault, { skip }) => {
    skip(!system.redis, 'there is no Redis here')
    const before = await chargeRequests(system)
    await system[fault]('redis')
    const { statuses, reserve, pay, health } = await seen()
    expect(statuses).toEqual({ list: 200, show: 200, reserve: 503, pay: 503, health: 503 })
    expectProblem(reserve, 503)
    expectProblem(pay, 503)
    expect(health.json).toMatchObject({ status: 'degraded', checks: { events: 'degraded', payments: 'ok' } })
    expect(health.elapsedMs).toBeLessThan(5000)
    expect(await chargeRequests(system)).toBe(before)

    if (fault === 'pause') await system.resume('redis')
    else await system.start('redis')
  },
)

test.for(['stop', 'kill'] as const)('PostgreSQL: %s: 5xx, and nothing is charged', async (fault) => {
  const before = await chargeRequests(system)
  await system[fault]('postgres')
  const { statuses, list, reserve, pay, health } = await seen()
  expect(statuses).toMatchObject({ list: 502, show: 502, health: 503 })
  expect([502, 503]).toContain(statuses.reserve)
  expect([502, 503]).toContain(statuses.pay)
  for (const answer of [list, reserve, pay]) expectProblem(answer, answer.status)
  expect(health.json).toMatchObject({ status: 'degraded', checks: { events: 'degraded', payments: 'ok' } })
  expect(await chargeRequests(system)).toBe(before)

  await system.start('postgres')
  await expectRecovery(shop, eventId)
  await payLater()
})

test('PostgreSQL hangs: 5xx within the deadline, and nothing is charged', async () => {
  const before = await chargeRequests(system)
  await system.pause('postgres')
  const { statuses, list, reserve, pay, health } = await seen()
  expect(await chargeRequests(system)).toBe(before)
  await system.resume('postgres')
  expect([502, 504]).toContain(statuses.list)
  for (const status of [statuses.reserve, statuses.pay]) expect([502, 503, 504]).toContain(status)
  for (const answer of [list, reserve, pay]) {
    expectProblem(answer, answer.status)
    expect(answer.elapsedMs).toBeLessThan(GATEWAY_TIMEOUT_MS + SLACK_MS)
  }
  expect(health).toMatchObject({ status: 503, json: { checks: { events: 'degraded', payments: 'ok' } } })
  await expectRecovery(shop, eventId)
  await payLater()
})

test('the orders table is dropped: 5xx wherever it matters, until it is restored', async () => {
  const triggers = await sql<{ definition: string }>(
    system,
    `SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger
     WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal`,
  )
  await sql(system, 'CREATE TABLE orders_dump (LIKE orders INCLUDING ALL)')
  await sql(system, 'INSERT INTO orders_dump SELECT * FROM orders')
  await sql(system, 'DROP TABLE orders')

  const { list, show, reserve, pay } = await seen()
  for (const answer of [list, show, reserve, pay]) {
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expectProblem(answer, answer.status)
  }

  await sql(system, 'CREATE TABLE orders (LIKE orders_dump INCLUDING ALL)')
  await sql(system, 'INSERT INTO orders SELECT * FROM orders_dump')
  for (const { definition } of triggers) await sql(system, definition)
  await sql(system, 'DROP TABLE orders_dump')
  await payLater()
})

test('a column is added to events while tickets are sold', async () => {
  await sql(system, 'ALTER TABLE events ADD COLUMN organiser text')
  const { statuses } = await seen()
  await sql(system, 'ALTER TABLE events DROP COLUMN organiser')
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 200, health: 200 })
})

test('FLUSHDB clears all holds and the system carries on', async ({ skip }) => {
  skip(!system.redis, 'there is no Redis here')
  const small = await addEvent(system, 5)
  const { reservation_id } = await shop.reserved(small, 5)
  expectProblem(await shop.reserve(small), 409)
  await redisCommand(system, 'FLUSHDB')
  expectProblem(await shop.pay(reservation_id), 404)
  const again = await shop.reserved(small, 5)
  expect((await shop.pay(again.reservation_id)).status).toBe(200)
  expectProblem(await shop.reserve(small), 409)
})

test('notifications is stopped: paying works, and health tells but does not mind', async () => {
  restarted = ['notifications']
  await system.stop('notifications')
  const { statuses, health } = await seen()
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 200, health: 200 })
  expect(health.json).toMatchObject({ status: 'healthy', checks: { notifications: 'down' } })
  await system.start('notifications')
})

test('services that start before PostgreSQL and Redis are up wait for them', async () => {
  restarted = ['gateway', 'events']
  const stores = system.redis ? (['redis', 'postgres'] as const) : (['postgres'] as const)
  await Promise.all((['gateway', 'events', ...stores] as const).map(system.stop))
  await system.start('gateway')
  expect(await shop.health()).toMatchObject({ status: 503, json: { checks: { events: 'down' } } })
  await system.start('events')
  expect(await shop.health()).toMatchObject({ status: 503, json: { checks: { events: 'degraded' } } })
  expectProblem(await shop.list(), 502)
  for (const store of stores) await system.start(store)
})

function expectDeadline(elapsedMs: number): void {
  expect(elapsedMs).toBeGreaterThan(GATEWAY_TIMEOUT_MS - 100)
  expect(elapsedMs).toBeLessThan(GATEWAY_TIMEOUT_MS + SLACK_MS)
}
