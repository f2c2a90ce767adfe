import { addEvent, freshPostgres } from '@quickticket/testing/stores'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createEventStore, type EventStore } from '../src/event-store.ts'

let database: Awaited<ReturnType<typeof freshPostgres>>
let pool: pg.Pool
let store: EventStore
beforeAll(async () => {
  database = await freshPostgres()
  pool = database.pool
  store = createEventStore(pool)
})
afterEach(() => pool.query('TRUNCATE events RESTART IDENTITY CASCADE'))
afterAll(() => database.drop())

async function sell(eventId: number, quantity: number, id = crypto.randomUUID()): Promise<string> {
  await pool.query(
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, $3, 0, 'PAY-0')`,
    [id, eventId, quantity],
  )
  return id
}

async function addEventAt(date: string): Promise<number> {
  const id = await addEvent(pool, 10)
  await pool.query('UPDATE events SET event_date = $2 WHERE id = $1', [id, date])
  return id
}

test('without events the list is empty', async () => {
  expect(await store.list()).toEqual([])
})

test('an event has all that the contract names', async () => {
  const id = await addEvent(pool, 40, 2500)
  await sell(id, 3)
  const event = {
    id,
    name: 'Test Conference',
    venue: 'Hall',
    date: '2026-09-15T09:00:00+00:00',
    total_tickets: 40,
    price_cents: 2500,
    available: 37,
  }
  expect(await store.find(id)).toEqual(event)
  expect(await store.list()).toEqual([event])
})

test('events are listed by date, and by id on the same date', async () => {
  const [third, first, fourth, second] = [
    await addEventAt('2026-03-01Z'),
    await addEventAt('2026-01-01Z'),
    await addEventAt('2026-03-01Z'),
    await addEventAt('2026-02-01Z'),
  ]
  expect((await store.list()).map(({ id }) => id)).toEqual([first, second, third, fourth])
})

test.each([
  ['2026-09-15 09:00:00+00', '2026-09-15T09:00:00+00:00'],
  ['2026-09-15 09:00:00+02', '2026-09-15T07:00:00+00:00'],
  ['2026-09-15 09:00:00.25+00', '2026-09-15T09:00:00.250+00:00'],
  ['2024-02-29 23:59:59-01', '2024-03-01T00:59:59+00:00'],
])('the date %s is written as %s', async (stored, written) => {
  const id = await addEventAt(stored)
  expect((await store.find(id))?.date).toBe(written)
})

test('an event that is not there is not found', async () => {
  expect(await store.find(1)).toBeUndefined()
  expect(await store.seats(1)).toBeUndefined()
  expect(await store.exactSeats(1)).toBeUndefined()
})

test('a sold out event has 0 seats, and never fewer', async () => {
  const id = await addEvent(pool, 2)
  await sell(id, 2)
  expect((await store.find(id))?.available).toBe(0)
  await pool.query('ALTER TABLE events DROP CONSTRAINT events_not_oversold')
  await pool.query('UPDATE events SET total_tickets = 1 WHERE id = $1', [id])
  expect((await store.find(id))?.available).toBe(0)
  await pool.query('UPDATE events SET total_tickets = 2 WHERE id = $1', [id])
  await pool.query(
    'ALTER TABLE events ADD CONSTRAINT events_not_oversold CHECK (sold BETWEEN 0 AND total_tickets)',
  )
})

test('seats come with the sales whose holds have not ended yet', async () => {
  const [event, other] = [await addEvent(pool, 10, 700), await addEvent(pool, 10)]
  const mine = await sell(event, 2)
  const elsewhere = await sell(other, 5)
  expect(await store.seats(event)).toEqual({ total: 10, sold: 2, priceCents: 700, soldHoldIds: [] })
  const later = await sell(event, 1)
  await pool.query(
    `INSERT INTO outbox (topic, order_id, due_at)
     VALUES ('hold', $1, now()), ('hold', $2, now()), ('count', $3, now()), ('hold', 'unknown', now())`,
    [mine, elsewhere, later],
  )
  expect(await store.exactSeats(event)).toEqual({
    total: 10,
    sold: 3,
    priceCents: 700,
    soldHoldIds: [mine],
  })
})

test('sales come with what their events have sold', async () => {
  const [event, other] = [await addEvent(pool, 10), await addEvent(pool, 10)]
  const [first, second] = [await sell(event, 2), await sell(event, 3)]
  const third = await sell(other, 1)
  expect(await store.salesAmong([first, third, 'unknown'])).toEqual(
    expect.arrayContaining([
      { reservationId: first, eventId: event, soldSeats: 5 },
      { reservationId: third, eventId: other, soldSeats: 1 },
    ]),
  )
  expect(await store.salesAmong([second])).toHaveLength(1)
  expect(await store.salesAmong([])).toEqual([])
})

test('a caller sees what was sold before it asked, also while many ask', async () => {
  const id = await addEvent(pool, 100)
  for (let sold = 1; sold <= 10; sold++) {
    const asking = Array.from({ length: 10 }, () => store.find(id))
    await sell(id, 1)
    expect((await store.find(id))?.available).toBe(100 - sold)
    expect((await store.list())[0]?.available).toBe(100 - sold)
    await Promise.all(asking)
  }
})

test('without its orders table the shop is broken and says so; with it back, all is well again', async () => {
  const id = await addEvent(pool, 10)
  await store.list()
  await pool.query('ALTER TABLE orders RENAME TO orders_gone')
  const asks = [() => store.list(), () => store.find(id), () => store.seats(id), () => store.exactSeats(id)]
  for (const ask of asks) {
    await expect(ask()).rejects.toMatchObject({ status: 500, code: 'database_error' })
  }
  await pool.query('ALTER TABLE orders_gone RENAME TO orders')
  for (const ask of asks) await expect(ask()).resolves.toBeDefined()
})

test('a column that a migration adds disturbs nothing', async () => {
  const id = await addEvent(pool, 10)
  await store.find(id)
  await pool.query('ALTER TABLE events ADD COLUMN organiser text')
  expect(await store.find(id)).not.toHaveProperty('organiser')
  expect(await store.seats(id)).toMatchObject({ total: 10 })
  await pool.query('ALTER TABLE events DROP COLUMN organiser')
})

test('pages follow one another through events on the same date, and hold every event once', async () => {
  for (const day of [3, 1, 3, 3, 2, 1, 3]) await addEventAt(`2026-03-0${day}Z`)
  const all = await store.list()
  expect(await store.page({ limit: 2 })).toEqual(all.slice(0, 2))
  const seen = await store.page({ limit: 3 })
  for (let page = seen; page && page.length > 0; ) {
    page = await store.page({ limit: 3, after: page.at(-1)?.id })
    seen?.push(...(page ?? []))
  }
  expect(seen).toEqual(all)
  expect(await store.page({ after: all[4]?.id })).toEqual(all.slice(5))
})

test('dates that differ by less than a millisecond are different dates', async () => {
  const [second, first] = [
    await addEventAt('2026-01-01 00:00:00.0005Z'),
    await addEventAt('2026-01-01 00:00:00.0001Z'),
  ]
  expect(await store.page({ limit: 1, after: first })).toMatchObject([{ id: second }])
  expect(await store.page({ limit: 1, after: second })).toEqual([])
})

test('nothing comes after an event that is not there', async () => {
  await addEventAt('2026-01-01Z')
  expect(await store.page({ after: 999 })).toBeUndefined()
})
