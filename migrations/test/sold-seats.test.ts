import { addEvent, type Database, emptyDatabase, quiet } from '@quickticket/testing/stores'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { migrateUp } from '../src/runner.ts'

let database: Database
let client: pg.Client
let event: number
let other: number
beforeAll(async () => {
  database = await emptyDatabase()
  client = database.client
  await migrateUp(client, quiet)
})
beforeEach(async () => {
  await client.query('TRUNCATE events RESTART IDENTITY CASCADE')
  event = await addEvent(client, 10)
  other = await addEvent(client, 10)
})
afterAll(() => database.drop())

/** Orders as [id, event, quantity], in one statement. */
async function insert(...orders: [id: string, event: number | null, quantity: number][]): Promise<void> {
  await client.query(
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
     SELECT id, event_id, quantity, 0, 'PAY-0' FROM unnest($1::text[], $2::integer[], $3::integer[]) AS o (id, event_id, quantity)`,
    [orders.map(([id]) => id), orders.map(([, each]) => each), orders.map(([, , quantity]) => quantity)],
  )
}

async function sold(): Promise<number[]> {
  const { rows } = await client.query<{ sold: number }>('SELECT sold FROM events ORDER BY id')
  return rows.map((row) => row.sold)
}

describe('seats sold are right after', () => {
  test('orders are inserted, one or many in a statement, for one or many events', async () => {
    await insert(['a', event, 2])
    expect(await sold()).toEqual([2, 0])
    await insert(['b', event, 1], ['c', other, 3], ['d', event, 4], ['e', null, 9])
    expect(await sold()).toEqual([7, 3])
  })

  test('orders are copied in bulk', async () => {
    await client.query(
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
       SELECT 'o' || n, $1 + n % 2, 1, 0, 'PAY-0' FROM generate_series(0, 18) AS n`,
      [event],
    )
    expect(await sold()).toEqual([10, 9])
  })

  test('a quantity is changed', async () => {
    await insert(['a', event, 2], ['b', event, 1])
    await client.query(`UPDATE orders SET quantity = 5 WHERE id = 'a'`)
    expect(await sold()).toEqual([6, 0])
    await client.query('UPDATE orders SET quantity = 1')
    expect(await sold()).toEqual([2, 0])
  })

  test('an order moves to another event', async () => {
    await insert(['a', event, 2], ['b', event, 3])
    await client.query(`UPDATE orders SET event_id = $1 WHERE id = 'a'`, [other])
    expect(await sold()).toEqual([3, 2])
    await client.query(`UPDATE orders SET event_id = NULL WHERE id = 'b'`)
    expect(await sold()).toEqual([0, 2])
  })

  test('something else about an order is changed', async () => {
    await insert(['a', event, 2])
    await client.query(`UPDATE orders SET payment_ref = 'PAY-1'`)
    expect(await sold()).toEqual([2, 0])
  })

  test('an order is inserted or, if it is there, updated', async () => {
    await insert(['a', event, 2])
    await client.query(
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
       VALUES ('a', $1, 4, 0, 'PAY-0'), ('b', $2, 1, 0, 'PAY-0')
       ON CONFLICT (id) DO UPDATE SET quantity = excluded.quantity`,
      [event, other],
    )
    expect(await sold()).toEqual([4, 1])
  })

  test('orders are deleted', async () => {
    await insert(['a', event, 2], ['b', event, 3], ['c', other, 4])
    await client.query(`DELETE FROM orders WHERE id = 'a'`)
    expect(await sold()).toEqual([3, 4])
    await client.query('DELETE FROM orders')
    expect(await sold()).toEqual([0, 0])
  })

  test('orders are truncated', async () => {
    await insert(['a', event, 2], ['b', other, 3])
    await client.query('TRUNCATE orders')
    expect(await sold()).toEqual([0, 0])
    await insert(['a', event, 2])
    expect(await sold()).toEqual([2, 0])
  })

  test('a transaction is rolled back', async () => {
    await client.query('BEGIN')
    await insert(['a', event, 2])
    await client.query('ROLLBACK')
    expect(await sold()).toEqual([0, 0])
  })

  test('statements that touch no row', async () => {
    await client.query('DELETE FROM orders')
    await client.query('UPDATE orders SET quantity = 1')
    expect(await sold()).toEqual([0, 0])
  })
})

describe('the database refuses', () => {
  const oversold = { code: '23514', constraint: 'events_not_oversold' }

  test('one seat too many, and keeps what there was', async () => {
    await insert(['a', event, 10])
    await expect(insert(['b', event, 1])).rejects.toMatchObject(oversold)
    await expect(client.query(`UPDATE orders SET quantity = 11`)).rejects.toMatchObject(oversold)
    expect(await sold()).toEqual([10, 0])
  })

  test('a whole statement of which one event is oversold', async () => {
    await expect(insert(['a', other, 1], ['b', event, 6], ['c', event, 5])).rejects.toMatchObject(oversold)
    expect(await sold()).toEqual([0, 0])
  })

  test('to make a hall smaller than what is sold', async () => {
    await insert(['a', event, 6])
    await expect(
      client.query('UPDATE events SET total_tickets = 5 WHERE id = $1', [event]),
    ).rejects.toMatchObject(oversold)
  })

  test('to oversell, however many try at the same time', async () => {
    const clients = await Promise.all(Array.from({ length: 24 }, () => database.connect()))
    const results = await Promise.allSettled(
      clients.map((each, index) =>
        each.query(
          `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, 1, 0, 'PAY-0')`,
          [`o${index}`, event],
        ),
      ),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(await sold()).toEqual([10, 0])
  })
})
