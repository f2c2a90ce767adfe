import { migrateUp, seed } from '@quickticket/migrations/runner'
import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { addEvent, noRedis, quiet } from '@quickticket/testing/stores'
import type pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { audit } from '../src/audit/audit.ts'
import { refill, SEED_SEATS } from '../src/refill/refill.ts'

let events: EventsApp
let stores: Parameters<typeof refill>[0]
beforeEach(async () => {
  events = await eventsApp({ prepare: seeded })
  stores = { postgres: events.pool, holds: events.holds }
})
afterEach(() => events.close())

async function seeded(client: pg.Client): Promise<void> {
  await migrateUp(client, quiet)
  await seed(client)
}

const post = (url: string, payload: object = {}) => events.app.inject({ method: 'POST', url, payload })
const reserve = (event: number, quantity = 1) => post(`/events/${event}/reserve`, { quantity })

/** @returns the status of the step that decided: 200, or 409 when there were no seats */
async function buy(event: number, quantity = 1): Promise<number> {
  const held = await reserve(event, quantity)
  if (held.statusCode !== 200) return held.statusCode
  const path = `/reservations/${held.json().reservation_id}`
  await post(`${path}/checkout`)
  return (await post(`${path}/confirm`, { payment_ref: 'PAY-AAAAAAAA' })).statusCode
}

async function sellOut(event: number): Promise<number> {
  for (let sold = 0; ; sold++) if ((await buy(event)) !== 200) return sold
}

async function rowOf(event: number) {
  const { rows } = await events.pool.query<{ total: number; sold: number; ordered: number }>(
    `SELECT e.total_tickets AS total, e.sold, coalesce(sum(o.quantity), 0)::integer AS ordered
     FROM events e LEFT JOIN orders o ON o.event_id = e.id WHERE e.id = $1 GROUP BY e.id`,
    [event],
  )
  return rows[0]
}

test('it knows how many seats the course’s events have, and adds none while all are free', async () => {
  const { rows } = await events.pool.query('SELECT id, total_tickets FROM events ORDER BY id')
  expect(rows.map(({ id, total_tickets }) => [id, total_tickets])).toEqual([...SEED_SEATS])
  const halls = await refill(stores)
  expect(halls.map(({ eventId, added, free, total }) => [eventId, added, free, total])).toEqual(
    [...SEED_SEATS].map(([id, seats]) => [id, 0, seats, seats]),
  )
})

test('an event that is sold out sells again, as many as at first, and what was sold stays sold', async () => {
  expect(await sellOut(4)).toBe(25)
  const orders = await events.pool.query('SELECT id FROM orders ORDER BY id')
  const halls = await refill(stores)
  expect(halls.find(({ eventId }) => eventId === 4)).toMatchObject({ added: 25, free: 25, total: 50 })
  expect((await events.pool.query('SELECT id FROM orders ORDER BY id')).rows).toEqual(orders.rows)
  expect(await sellOut(4)).toBe(25)
  expect(await rowOf(4)).toEqual({ total: 50, sold: 50, ordered: 50 })
  expect(await rowOf(1)).toEqual({ total: 100, sold: 0, ordered: 0 })
  expect(await audit(stores)).toEqual([])
})

test('seats that are held are not free: they stay with their buyers, and others are added', async () => {
  for (let held = 0; held < 80; held += 10) await reserve(5, 10)
  expect((await reserve(5)).statusCode).toBe(409)
  const halls = await refill(stores)
  expect(halls.find(({ eventId }) => eventId === 5)).toMatchObject({ added: 80, free: 80, total: 160 })
  expect((await reserve(5)).statusCode).toBe(200)
  expect(await events.holds.count()).toBe(9)
  expect(await audit(stores)).toEqual([])
})

test('doing it twice adds seats once', async () => {
  await sellOut(2)
  await Promise.all([refill(stores), refill(stores)])
  await refill(stores)
  expect(await rowOf(2)).toEqual({ total: 60, sold: 30, ordered: 30 })
})

test('a hall never shrinks, other events stay as they are, and events that are gone are left out', async () => {
  const other = await addEvent(events.pool, 1)
  await buy(other)
  await events.pool.query('UPDATE events SET total_tickets = 1000000 WHERE id = 3')
  await events.pool.query('DELETE FROM events WHERE id = 1')
  expect((await refill(stores)).map(({ eventId }) => eventId)).toEqual([2, 3, 4, 5])
  expect(await rowOf(3)).toMatchObject({ total: 1_000_000 })
  expect(await rowOf(other)).toMatchObject({ total: 1 })
})

test('with a number of seats it makes that many free, and below a share only', async () => {
  await refill(stores, { seats: 1000 })
  expect(await rowOf(1)).toMatchObject({ total: 1000 })
  for (let bought = 0; bought < 50; bought += 10) await buy(1, 10)
  await refill(stores, { seats: 100, below: 0.5 })
  expect(await rowOf(1)).toMatchObject({ total: 1000, sold: 50 })
  await events.pool.query('UPDATE events SET total_tickets = 110 WHERE id = 1')
  await refill(stores, { seats: 100, below: 0.5 })
  expect(await rowOf(1)).toMatchObject({ total: 110, sold: 50 })
  await buy(1, 10)
  await buy(1)
  await refill(stores, { seats: 100, below: 0.5 })
  expect(await rowOf(1)).toMatchObject({ total: 161, sold: 61 })
})

test.skipIf(noRedis)('while buyers buy: nothing is oversold, lost or counted twice', async () => {
  const statuses: number[] = []
  let buying = true
  const refills = (async () => {
    while (buying) await refill(stores)
  })()
  const buyer = async (event: number) => {
    for (let bought = 0; bought < 20; bought++) statuses.push(await buy(event))
  }
  await Promise.all(Array.from({ length: 20 }, (_, index) => buyer(index % 2 === 0 ? 2 : 4)))
  buying = false
  await refills
  const sold = statuses.filter((status) => status === 200).length
  expect(statuses.every((status) => status === 200 || status === 409)).toBe(true)
  // more than both had at first
  expect(sold).toBeGreaterThan(55)
  const rows = [await rowOf(2), await rowOf(4)]
  expect(rows.map((row) => row?.sold)).toEqual(rows.map((row) => row?.ordered))
  expect(rows.reduce((sum, row) => sum + (row?.sold ?? 0), 0)).toBe(sold)
  expect(await events.holds.count()).toBe(0)
  expect(await audit(stores)).toEqual([])
})
