import { randomUUID } from 'node:crypto'
import { addEvent, freshPostgres } from '@quickticket/testing/stores'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCheckoutStore } from '../src/checkout-store.ts'
import { createEventStore } from '../src/event-store.ts'
import { createVoidStore } from '../src/void-store.ts'

// A session keeps the plans of its statements. Here they are made at the worst time, and used when the tables are large.

let database: Awaited<ReturnType<typeof freshPostgres>>
let session: pg.Pool
beforeEach(async () => {
  database = await freshPostgres()
  const { connectionString } = database.pool.options
  session = new pg.Pool({ connectionString, max: 1 })
  session.on('error', () => undefined)
})
afterEach(async () => {
  await session.end()
  await database.drop()
})

/** PostgreSQL decides on a plan to keep after this many executions. */
const UNTIL_KEPT = 10
const MANY = 5000
const times = () => ({ chargeBefore: Date.now() + 5000, expiresAt: Date.now() + 60_000 })

/** Rows that the work reads in a table, by its indexes and without. */
async function rowsRead(table: string, work: () => Promise<unknown>): Promise<number> {
  await session.query('BEGIN')
  const before = await rowsReadSoFar(table)
  await work()
  const after = await rowsReadSoFar(table)
  await session.query('COMMIT')
  return after - before
}

async function rowsReadSoFar(table: string): Promise<number> {
  const { rows } = await session.query<{ read: number }>(
    `SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables WHERE relname = $1`,
    [table],
  )
  return rows[0]?.read as number
}

async function buy(eventId: number): Promise<string> {
  const reservationId = randomUUID()
  const checkouts = createCheckoutStore(session)
  await checkouts.open({ reservationId, eventId, quantity: 1, totalCents: 1000 }, times())
  return reservationId
}

const addCheckouts = (state: string) =>
  database.pool.query(
    `INSERT INTO checkouts (reservation_id, event_id, quantity, total_cents, state, charge_before, expires_at, void_at)
     SELECT $1 || n, 1, 1, 1000, $1, now(), now() + interval '1 h', now() FROM generate_series(1, ${MANY}) AS n`,
    [state],
  )

const addOrders = (eventId: number) =>
  database.pool.query(
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
     SELECT 'sold' || n, $1, 1, 1000, 'PAY-0' FROM generate_series(1, ${MANY}) AS n`,
    [eventId],
  )

test('confirming reads its own checkout, and not all of them because there were none at first', async () => {
  const event = await addEvent(database.pool, 2 * MANY)
  const { confirm } = createCheckoutStore(session)
  await database.pool.query('VACUUM ANALYZE')
  for (let i = 0; i < UNTIL_KEPT; i++) await confirm(await buy(event), 'PAY-0', false)

  await addCheckouts('confirmed')
  await addOrders(event)
  const id = await buy(event)
  expect(await rowsRead('checkouts', () => confirm(id, 'PAY-0', false))).toBe(2)
})

test('confirming reads its own checkout, and not all that are open because hardly any were', async () => {
  const event = await addEvent(database.pool, 2 * MANY)
  const { confirm } = createCheckoutStore(session)
  await addCheckouts('confirmed')
  await database.pool.query('VACUUM ANALYZE')
  for (let i = 0; i < UNTIL_KEPT; i++) await confirm(await buy(event), 'PAY-0', false)

  await addCheckouts('open')
  const id = await buy(event)
  expect(await rowsRead('checkouts', () => confirm(id, 'PAY-0', false))).toBe(2)
})

test('a void reads its own checkout, and not all that are to be given back because hardly any were', async () => {
  const { voided } = createVoidStore(session)
  const give = (reservationId: string) => voided({ reservationId, last: true }, true)
  await addCheckouts('confirmed')
  await database.pool.query('VACUUM ANALYZE')
  for (let i = 0; i < UNTIL_KEPT; i++) await give(`nobody-${i}`)

  await addCheckouts('voiding')
  expect(await rowsRead('checkouts', () => give('voiding7'))).toBe(1)
})

test('reading events does not read orders, however many there are', async () => {
  const event = await addEvent(database.pool, MANY)
  const { list, find } = createEventStore(session)
  await database.pool.query('VACUUM ANALYZE')
  for (let i = 0; i < UNTIL_KEPT; i++) await Promise.all([list(), find(event)])

  await addOrders(event)
  expect(await rowsRead('orders', list)).toBe(0)
  expect(await rowsRead('orders', () => find(event))).toBe(0)
})
