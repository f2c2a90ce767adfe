import { randomUUID } from 'node:crypto'
import { addEvent, freshPostgres } from '@quickticket/testing/stores'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type CheckoutStore, createCheckoutStore } from '../src/checkout-store.ts'
import { createVoidStore, type VoidStore } from '../src/void-store.ts'

let database: Awaited<ReturnType<typeof freshPostgres>>
let pool: pg.Pool
let checkouts: CheckoutStore
let voids: VoidStore
beforeAll(async () => {
  database = await freshPostgres()
  pool = database.pool
  checkouts = createCheckoutStore(pool)
  voids = createVoidStore(pool)
})
afterEach(() => pool.query('TRUNCATE events, checkouts, outbox CASCADE'))
afterAll(() => database.drop())

const times = () => ({ chargeBefore: Date.now() + 5000, expiresAt: Date.now() + 60_000 })

async function opened(eventId: number, quantity = 1): Promise<string> {
  const reservationId = randomUUID()
  await checkouts.open({ reservationId, eventId, quantity, totalCents: quantity * 1000 }, times())
  return reservationId
}

const confirm = (reservationId: string, paymentRef: string) =>
  checkouts.confirm(reservationId, paymentRef, false)
const abandon = (reservationId: string, eventId: number) =>
  checkouts.abandon({ reservationId, eventId, quantity: 1, totalCents: 1000 })

async function stateOf(id: string): Promise<string> {
  const { rows } = await pool.query('SELECT state FROM checkouts WHERE reservation_id = $1', [id])
  return rows[0]?.state
}

async function soldOf(eventId: number) {
  const { rows } = await pool.query<{ sold: number; orders: number; seats: number }>(
    `SELECT e.sold, count(o.id)::integer AS orders, coalesce(sum(o.quantity), 0)::integer AS seats
     FROM events e LEFT JOIN orders o ON o.event_id = e.id WHERE e.id = $1 GROUP BY e.id`,
    [eventId],
  )
  return rows[0]
}

test('50 confirms of 10 seats at a time are exactly 10 orders, and 40 charges to give back', async () => {
  const event = await addEvent(pool, 10)
  const ids = await Promise.all(Array.from({ length: 50 }, () => opened(event)))
  const confirmations = await Promise.all(ids.map((id) => confirm(id, `PAY-${id.slice(0, 8)}`)))
  const outcomes = confirmations.map(({ outcome }) => outcome).toSorted()
  expect(outcomes).toEqual([...Array(10).fill('ordered'), ...Array(40).fill('sold_out')])
  expect(await soldOf(event)).toEqual({ sold: 10, orders: 10, seats: 10 })

  const states = await Promise.all(ids.map(stateOf))
  for (const [index, { outcome }] of confirmations.entries()) {
    expect(states[index]).toBe(outcome === 'ordered' ? 'confirmed' : 'voiding')
  }
  const sold = confirmations.flatMap((each) => (each.outcome === 'ordered' ? [each.soldSeats] : []))
  expect(sold.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('confirms of several seats never leave an event oversold', async () => {
  const event = await addEvent(pool, 20)
  const ids = await Promise.all(Array.from({ length: 30 }, (_, index) => opened(event, (index % 4) + 1)))
  await Promise.all(ids.map((id) => confirm(id, 'PAY-0')))
  const result = await soldOf(event)
  expect(result?.sold).toBe(result?.seats)
  expect(result?.sold).toBeLessThanOrEqual(20)
  expect(result?.sold).toBeGreaterThan(16)
})

test('confirming one checkout many times at once is one order, and every call is answered with it', async () => {
  const event = await addEvent(pool, 10)
  const id = await opened(event, 3)
  const confirmations = await Promise.all(Array.from({ length: 20 }, () => confirm(id, 'PAY-1')))
  const outcomes = confirmations.map(({ outcome }) => outcome).toSorted()
  expect(outcomes).toEqual([...Array(19).fill('confirmed'), 'ordered'])
  const order = { order_id: id, event_id: event, quantity: 3, total_cents: 3000, status: 'confirmed' }
  for (const confirmation of confirmations) expect(confirmation).toMatchObject({ order })
  expect(await soldOf(event)).toEqual({ sold: 3, orders: 1, seats: 3 })
})

test('confirms of different events do not wait for each other', async () => {
  const [busy, free] = [await addEvent(pool, 10), await addEvent(pool, 10)]
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query('UPDATE events SET name = name WHERE id = $1', [busy])
  expect(await confirm(await opened(free), 'PAY-2')).toMatchObject({ outcome: 'ordered' })
  await client.query('ROLLBACK')
  client.release()
})

test('a checkout that is given up and confirmed at the same time ends as one of both', async () => {
  const event = await addEvent(pool, 1000)
  for (let i = 0; i < 25; i++) {
    const id = await opened(event)
    const [abandoned, confirmation] = await Promise.all([abandon(id, event), confirm(id, 'PAY-3')])
    expect([
      { abandoned: true, outcome: 'voiding', state: 'voiding' },
      { abandoned: false, outcome: 'ordered', state: 'confirmed' },
    ]).toContainEqual({ abandoned, outcome: confirmation.outcome, state: await stateOf(id) })
  }
  const result = await soldOf(event)
  expect(result?.sold).toBe(result?.orders)
})

test('what was never opened is unknown', async () => {
  expect(await confirm(randomUUID(), 'PAY-4')).toEqual({ outcome: 'unknown' })
})

test('what was given up stays given up', async () => {
  const event = await addEvent(pool, 10)
  const id = await opened(event)
  expect(await abandon(id, event)).toBe(true)
  expect(await abandon(id, event)).toBe(false)
  expect(await confirm(id, 'PAY-5')).toEqual({ outcome: 'voiding' })
  expect(await voids.takeDue(100, 60_000)).toHaveLength(1)
  await voids.voided({ reservationId: id, last: true }, true)
  expect(await confirm(id, 'PAY-5')).toEqual({ outcome: 'voided' })
  expect(await soldOf(event)).toMatchObject({ orders: 0 })
})

test('what was given up before it was opened cannot be opened, and has no charge to give back', async () => {
  const event = await addEvent(pool, 10)
  const id = randomUUID()
  expect(await abandon(id, event)).toBe(false)
  const hold = { reservationId: id, eventId: event, quantity: 1, totalCents: 1000 }
  expect(await checkouts.open(hold, times())).toBeUndefined()
  expect(await confirm(id, 'PAY-5')).toEqual({ outcome: 'voided' })
  expect(await voids.takeDue(100, 0)).toEqual([])
})

test('an order whose row was deleted is not made again by a repeated confirm', async () => {
  const event = await addEvent(pool, 10)
  const id = await opened(event)
  await confirm(id, 'PAY-6')
  await pool.query('DELETE FROM orders WHERE id = $1', [id])
  expect(await confirm(id, 'PAY-6')).toMatchObject({ outcome: 'unknown' })
  expect(await soldOf(event)).toEqual({ sold: 0, orders: 0, seats: 0 })
})

test('a confirm for an event that is gone is sold out', async () => {
  const event = await addEvent(pool, 10)
  const id = await opened(event)
  await pool.query('DELETE FROM events WHERE id = $1', [event])
  expect(await confirm(id, 'PAY-7')).toEqual({ outcome: 'sold_out' })
  expect(await stateOf(id)).toBe('voiding')
})

test('due voids are taken by one at a time, and again when their lease is over', async () => {
  const event = await addEvent(pool, 1000)
  const ids = await Promise.all(Array.from({ length: 40 }, () => opened(event)))
  for (const id of ids) await abandon(id, event)
  const taken = await Promise.all(Array.from({ length: 8 }, () => voids.takeDue(10, 60_000)))
  const all = taken.flat().map(({ reservationId }) => reservationId)
  expect(all.toSorted()).toEqual(ids.toSorted())
  expect(await voids.takeDue(100, 60_000)).toEqual([])
  await pool.query(`UPDATE checkouts SET void_at = now() WHERE state = 'voiding'`)
  expect(await voids.takeDue(100, 60_000)).toHaveLength(40)
})

test('a void is the last one needed only when no charge can come any more', async () => {
  const event = await addEvent(pool, 10)
  const id = await opened(event)
  await abandon(id, event)
  const [first] = await voids.takeDue(100, 0)
  expect(first).toEqual({ reservationId: id, last: false })
  await voids.voided({ reservationId: id, last: false }, false)
  expect(await stateOf(id)).toBe('voiding')
  expect(await voids.takeDue(100, 0)).toEqual([])

  const past = `now() - interval '3 seconds'`
  await pool.query(
    `UPDATE checkouts SET charge_before = ${past}, void_at = now() WHERE reservation_id = $1`,
    [id],
  )
  const [second] = await voids.takeDue(100, 0)
  expect(second).toEqual({ reservationId: id, last: true })
  await voids.voided({ reservationId: id, last: true }, true)
  expect(await stateOf(id)).toBe('voided')
})

test('a checkout is confirmed until it expires, also when its event was locked for long', async () => {
  const event = await addEvent(pool, 10)
  const id = await opened(event)
  await pool.query(`UPDATE checkouts SET expires_at = now() + interval '400 ms' WHERE reservation_id = $1`, [
    id,
  ])
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT FROM events WHERE id = $1 FOR UPDATE', [event])
  const confirmation = confirm(id, 'PAY-8')
  await client.query('SELECT pg_sleep_until(expires_at) FROM checkouts WHERE reservation_id = $1', [id])
  await client.query('COMMIT')
  client.release()
  expect(await confirmation).toEqual({ outcome: 'expired' })
  expect(await stateOf(id)).toBe('voiding')
  expect(await checkouts.find(id)).toMatchObject({ charged: true })
  expect(await soldOf(event)).toEqual({ sold: 0, orders: 0, seats: 0 })
})

test('an order is written with what it has to cause, and a notification only if it is asked for', async () => {
  const event = await addEvent(pool, 10)
  const [quiet, loud] = [await opened(event), await opened(event)]
  await checkouts.confirm(quiet, 'PAY-9', false)
  await checkouts.confirm(loud, 'PAY-9', true)
  const { rows } = await pool.query<{ topics: string[] }>(
    'SELECT array_agg(topic ORDER BY topic) AS topics FROM outbox WHERE order_id = ANY ($1) GROUP BY order_id',
    [[quiet, loud]],
  )
  expect(rows.map(({ topics }) => topics).toSorted((a, b) => a.length - b.length)).toEqual([
    ['count', 'hold'],
    ['count', 'hold', 'notify'],
  ])
})
