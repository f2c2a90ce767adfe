import { addEvent, freshPostgres, freshRedis, noRedis } from '@quickticket/testing/stores'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { auditHolds } from '../src/audit/holds.ts'
import { auditOrders } from '../src/audit/orders.ts'
import { createMemoryHoldStore } from '../src/memory-hold-store.ts'
import { createRedisHoldStore } from '../src/redis-hold-store.ts'
import { lasting } from './hold-times.ts'
import { planter } from './planted.ts'

let database: Awaited<ReturnType<typeof freshPostgres>>
let pool: pg.Pool
let plant: ReturnType<typeof planter>
let event: number
beforeAll(async () => {
  database = await freshPostgres()
  pool = database.pool
  plant = planter(pool)
})
beforeEach(async () => {
  event = await addEvent(pool, 5)
})
afterEach(() => pool.query('TRUNCATE events, checkouts CASCADE'))
afterAll(() => database.drop())

describe('in the database', () => {
  test('a shop that works has no violation, in whatever state its checkouts are', async () => {
    await plant.sale(event)
    await plant.checkout(event)
    await plant.checkout(event, { state: 'voiding' })
    await plant.checkout(event, { state: 'voided', secondsAgo: 600 })
    await plant.order(event)
    expect(await auditOrders(pool)).toEqual([])
  })

  test('more seats ordered than there are', async () => {
    await plant.pastTheCheck(async () => {
      await plant.order(event, { quantity: 6 })
      expect(await auditOrders(pool)).toEqual([
        { kind: 'oversold', subject: `event ${event}`, detail: '6 seats ordered of 5' },
      ])
    })
  })

  test('a number of seats sold that its orders do not have', async () => {
    await plant.pastTheTriggers(() => plant.order(event, { quantity: 2 }))
    expect(await auditOrders(pool)).toEqual([
      { kind: 'oversold', subject: `event ${event}`, detail: 'counts 0 seats as sold, its orders have 2' },
    ])
    await pool.query('DELETE FROM checkouts')
    await plant.pastTheTriggers(() => pool.query('DELETE FROM orders'))
    await pool.query('UPDATE events SET sold = 3 WHERE id = $1', [event])
    expect(await auditOrders(pool)).toEqual([
      { kind: 'oversold', subject: `event ${event}`, detail: 'counts 3 seats as sold, its orders have 0' },
    ])
  })

  test('an order whose charge is another one than its checkout’s', async () => {
    const id = await plant.checkout(event, { state: 'confirmed', ref: 'PAY-BBBBBBBB' })
    await plant.order(event, { id })
    expect(await auditOrders(pool)).toEqual([
      { kind: 'double_charge', subject: id, detail: 'the order has PAY-AAAAAAAA, its checkout PAY-BBBBBBBB' },
    ])
  })

  test('a checkout that is confirmed without an order', async () => {
    const id = await plant.checkout(event, { state: 'confirmed', ref: 'PAY-BBBBBBBB' })
    expect(await auditOrders(pool)).toEqual([
      { kind: 'charged_no_order', subject: id, detail: 'confirmed with PAY-BBBBBBBB, but there is no order' },
    ])
  })

  test.each(['open', 'voiding', 'voided'])('an order whose checkout is %s', async (state) => {
    const id = await plant.checkout(event, { state })
    await plant.order(event, { id })
    expect(await auditOrders(pool)).toEqual([
      { kind: 'order_no_charge', subject: id, detail: `there is an order, but its checkout is ${state}` },
    ])
  })

  test('an order for another sum than was charged', async () => {
    const id = await plant.checkout(event, { state: 'confirmed', ref: 'PAY-AAAAAAAA', cents: 10 })
    await plant.order(event, { id })
    expect(await auditOrders(pool)).toEqual([
      { kind: 'order_no_charge', subject: id, detail: 'ordered for 1000 cents, charged 10' },
    ])
  })

  test('a checkout that was confirmed after it had expired', async () => {
    const late = await plant.sale(event)
    await pool.query(
      `UPDATE checkouts SET closed_at = expires_at + interval '2 seconds' WHERE reservation_id = $1`,
      [late],
    )
    expect(await auditOrders(pool)).toEqual([
      { kind: 'confirmed_late', subject: late, detail: 'confirmed 00:00:02 after it had expired' },
    ])
  })

  test.each(['open', 'voiding'])('a checkout that is stuck: %s', async (state) => {
    const stuck = await plant.checkout(event, { state, secondsAgo: 90 })
    await plant.checkout(event, { state, secondsAgo: 30 })
    expect(await auditOrders(pool)).toEqual([
      {
        kind: 'stuck_checkout',
        subject: stuck,
        detail: expect.stringMatching(new RegExp(`^${state} since 20`)),
      },
    ])
  })
})

describe.skipIf(noRedis)('among the holds', () => {
  const hold = (reservationId: string, quantity: number) => ({
    reservationId,
    eventId: event,
    quantity,
    totalCents: 0,
  })

  async function redisStore() {
    const redis = await freshRedis()
    return { redis, store: createRedisHoldStore(redis) }
  }

  test('seats that are held and counted are fine', async () => {
    const { store } = await redisStore()
    await store.reserve(hold('a', 2), { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))
    await plant.sale(event)
    expect(await auditHolds(pool, store)).toEqual([])
    await store.close()
  })

  test('seats that are counted as held without a reservation', async () => {
    const { redis, store } = await redisStore()
    await redis.set(`event:${event}:held`, 3)
    expect(await auditHolds(pool, store)).toEqual([
      {
        kind: 'leaked_hold',
        subject: `event ${event}`,
        detail: 'counts 3 seats as held, its reservations have 0',
      },
    ])
    await store.close()
  })

  test('seats of a reservation that are not counted', async () => {
    const { redis, store } = await redisStore()
    await store.reserve(hold('a', 2), { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))
    await redis.del(`event:${event}:held`)
    expect(await auditHolds(pool, store)).toMatchObject([{ kind: 'leaked_hold', subject: `event ${event}` }])
    await store.close()
  })
})

describe('a hold in any store', () => {
  const hold = (reservationId: string, quantity: number) => ({
    reservationId,
    eventId: event,
    quantity,
    totalCents: 0,
  })

  test('that outlives its sale is found, after the time that a lost Redis is given', async () => {
    const store = createMemoryHoldStore()
    const id = await plant.sale(event)
    await store.reserve(hold(id, 1), { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))
    expect(await auditHolds(pool, store)).toEqual([])
    await pool.query(`UPDATE orders SET created_at = now() - interval '20 seconds'`)
    expect(await auditHolds(pool, store)).toEqual([
      { kind: 'leaked_hold', subject: id, detail: 'is sold, and its seats are still held' },
    ])
  })

  test('on top of all the seats there are is found', async () => {
    const store = createMemoryHoldStore()
    await plant.order(event, { quantity: 4 })
    await store.reserve(hold('a', 2), { total: 9, sold: 0, soldHoldIds: [] }, lasting(60_000))
    expect(await auditHolds(pool, store)).toEqual([
      { kind: 'oversold', subject: `event ${event}`, detail: '4 seats sold and 2 held of 5' },
    ])
  })

  test('whose own sale has the seats is no oversale', async () => {
    const store = createMemoryHoldStore()
    const id = await plant.order(event, { quantity: 5 })
    await store.reserve(hold(id, 5), { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))
    expect(await auditHolds(pool, store)).toEqual([])
  })
})
