import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { series } from '@quickticket/testing/series'
import { addEvent, freshRedis, noRedis } from '@quickticket/testing/stores'
import { startTcpProxy, type TcpProxy } from '@quickticket/testing/tcp-proxy'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'

let postgres: TcpProxy
let redis: TcpProxy
let events: EventsApp
let event: number

beforeAll(async () => {
  const [postgresUrl, redisUrl] = [
    new URL(inject('postgresUrl')),
    new URL(inject('redisUrl') || 'redis://none:1'),
  ]
  postgres = await startTcpProxy({ host: postgresUrl.hostname, port: Number(postgresUrl.port) })
  redis = await startTcpProxy({ host: redisUrl.hostname, port: Number(redisUrl.port) })
  events = await eventsApp({ postgresPort: postgres.port, redisPort: redis.port })
})
beforeEach(async () => {
  event = await addEvent(events.pool, 10)
})
afterAll(async () => {
  await events.close()
  await Promise.all([postgres.shut(), redis.shut()])
})

const get = (url: string) => events.app.inject(url)
const post = (url: string, payload: object = {}) => events.app.inject({ method: 'POST', url, payload })
const reserve = () => post(`/events/${event}/reserve`, { quantity: 1 })
const reserved = async (): Promise<string> => (await reserve()).json().reservation_id
const checkout = (id: string) => post(`/reservations/${id}/checkout`, { charge_within_ms: 5000 })
const confirm = (id: string) => post(`/reservations/${id}/confirm`, { payment_ref: 'PAY-12345678' })
const checks = async () => (await get('/health')).json().checks

/** Redis is asked again after some milliseconds, until it is there. */
const untilHealthy = () => vi.waitFor(async () => expect((await get('/health')).statusCode).toBe(200), 10_000)

test('with both stores there, the service is healthy', async () => {
  const answer = await get('/health')
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({
    status: 'healthy',
    checks: { postgres: 'ok', redis: 'ok' },
    version: '1.0.0',
  })
})

describe('when PostgreSQL is stopped', () => {
  test('every answer is 503 without details, and the service recovers by itself', async () => {
    const id = await reserved()
    await postgres.shut()
    for (const answer of [
      await get('/events'),
      await get(`/events/${event}`),
      await reserve(),
      await checkout(id),
      await confirm(id),
    ]) {
      expect(answer.json()).toMatchObject({ status: 503, error: 'database_unavailable' })
      expect(answer.headers['retry-after']).toBe('1')
      expect(answer.payload).not.toMatch(/ECONN|127\.0\.0\.1|SELECT/)
    }
    expect((await get('/health')).statusCode).toBe(503)
    expect(await checks()).toEqual({ postgres: 'down', redis: 'ok' })
    const away = expect.stringMatching(/^PostgreSQL does not answer/)
    expect((await get('/health')).json()).toMatchObject({ status: 'degraded', reasons: { postgres: away } })
    const unready = await get('/readyz')
    expect(unready.statusCode).toBe(503)
    expect(unready.json()).toEqual({ status: 'not ready', reason: away })
    expect((await get('/livez')).statusCode).toBe(200)

    await postgres.open()
    expect((await get('/events')).statusCode).toBe(200)
    expect((await checkout(id)).statusCode).toBe(200)
    expect((await confirm(id)).json()).toMatchObject({ order_id: id })
    expect(await checks()).toEqual({ postgres: 'ok', redis: 'ok' })
    expect((await get('/readyz')).statusCode).toBe(200)
  })
})

describe.skipIf(noRedis)('when Redis is stopped', () => {
  test('lists work, reserve and pay are refused, and the service recovers by itself', async () => {
    const [id, paid] = [await reserved(), await reserved()]
    await checkout(paid)
    await confirm(paid)
    await redis.shut()
    expect((await get('/events')).statusCode).toBe(200)
    for (const answer of [await reserve(), await checkout(id)]) {
      expect(answer.json()).toMatchObject({ status: 503, error: 'reservations_unavailable' })
      expect(answer.headers['retry-after']).toBe('1')
    }
    expect((await get('/health')).statusCode).toBe(503)
    expect(await checks()).toEqual({ postgres: 'ok', redis: 'down' })
    // lists go on
    expect((await get('/readyz')).statusCode).toBe(200)

    expect((await checkout(paid)).json()).toMatchObject({ order: { order_id: paid } })
    expect((await confirm(paid)).json()).toMatchObject({ order_id: paid })

    await redis.open()
    await untilHealthy()
    expect((await reserve()).statusCode).toBe(200)
    expect((await checkout(id)).statusCode).toBe(200)
  })

  test('a charge that was made becomes its order, and its hold ends later', async () => {
    const id = await reserved()
    await checkout(id)
    await redis.shut()
    expect((await confirm(id)).json()).toMatchObject({ order_id: id, status: 'confirmed' })
    expect(events.logs.lines()).toContainEqual(expect.objectContaining({ msg: 'hold not ended yet' }))
    await redis.open()
    await untilHealthy()
    expect((await events.holds.find(id))?.state).toBe('held')
    expect((await post(`/events/${event}/reserve`, { quantity: 9 })).statusCode).toBe(200)
    expect((await reserve()).json()).toMatchObject({ status: 409, available: 0 })
  })

  test('the gauge of reservations has no value, and metrics are there', async () => {
    await redis.shut()
    expect(await series(events.app, 'events_reservations_active')).toEqual({
      events_reservations_active: Number.NaN,
    })
    await redis.open()
    await untilHealthy()
  })

  test('losing all holds frees their seats, and the shop goes on', async () => {
    const id = await reserved()
    await post(`/events/${event}/reserve`, { quantity: 9 })
    expect((await reserve()).statusCode).toBe(409)
    await flush()
    expect((await checkout(id)).statusCode).toBe(404)
    expect((await post(`/events/${event}/reserve`, { quantity: 10 })).statusCode).toBe(200)
  })

  test('an order that is already charged is made though its hold was lost', async () => {
    const id = await reserved()
    await checkout(id)
    await flush()
    expect((await confirm(id)).json()).toMatchObject({ order_id: id, status: 'confirmed' })
    expect((await get(`/events/${event}`)).json()).toMatchObject({ available: 9 })
  })
})

test('reservations, orders and connections are measured', async () => {
  const before = await series(events.app, 'events_')
  const id = await reserved()
  const held = await series(events.app, 'events_reservations_active')
  expect(held.events_reservations_active).toBe((before.events_reservations_active ?? 0) + 1)
  await checkout(id)
  await confirm(id)
  const after = await series(events.app, 'events_')
  expect(after).toMatchObject({
    events_reservations_active: before.events_reservations_active,
    events_orders_total: (before.events_orders_total ?? 0) + 1,
    events_db_pool_size: 0,
    events_db_pool_waiting: 0,
    events_db_pool_max: 10,
  })
})

test('the pool gauge shows how many connections are in use', async () => {
  const blocker = await events.pool.connect()
  await blocker.query('BEGIN; LOCK TABLE events')
  const asking = [get(`/events/${event}`), get('/events'), get('/events/999')]
  await vi.waitFor(async () => {
    expect(await series(events.app, 'events_db_pool_size')).toEqual({ events_db_pool_size: 3 })
  })
  await blocker.query('ROLLBACK')
  blocker.release()
  expect((await Promise.all(asking)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 404])
})

/** FLUSHDB, by another client. */
async function flush(): Promise<void> {
  const emptied = await freshRedis()
  emptied.disconnect()
}
