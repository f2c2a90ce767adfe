import { readdirSync } from 'node:fs'
import { addEvent, type Database, describeSchema, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EXTENSION } from '../src/changes.ts'
import { migrateDown, migrateUp, seed } from '../src/runner.ts'

const CHANGES = readdirSync(new URL('../changes', import.meta.url))
  .map((file) => file.replace(EXTENSION, ''))
  .toSorted()

let database: Database
beforeEach(async () => {
  database = await emptyDatabase()
})
afterEach(() => database.drop())

const up = (client = database.client) => migrateUp(client, quiet)
const down = (count?: number) => migrateDown(database.client, quiet, count)

test('an empty database gets every change, in order', async () => {
  expect(await up()).toEqual(CHANGES)
  const schema = await describeSchema(database.client)
  expect(schema).toEqual(
    expect.arrayContaining([
      `events.id integer not null nextval('events_id_seq'::regclass)`,
      'events.name text not null',
      'events.venue text not null',
      'events.event_date timestamp with time zone not null',
      'events.total_tickets integer not null',
      'events.price_cents integer not null',
      'orders.id text not null',
      'orders.event_id integer',
      'orders.quantity integer not null',
      'orders.total_cents integer not null',
      'orders.payment_ref text not null',
      `orders.status text not null 'confirmed'::text`,
      'orders.created_at timestamp with time zone now()',
      'orders FOREIGN KEY (event_id) REFERENCES events(id)',
    ]),
  )
})

test('a second run finds nothing to do', async () => {
  await up()
  const schema = await describeSchema(database.client)
  expect(await up()).toEqual([])
  expect(await describeSchema(database.client)).toEqual(schema)
})

test('each change can be taken back, which leaves the database as it was before, and made again', async () => {
  await up()
  const taken: { name: string | undefined; after: string[] }[] = []
  for (let left = CHANGES.length; left > 0; left--) {
    const after = await describeSchema(database.client)
    taken.push({ name: (await down())[0], after })
  }
  expect(taken.map(({ name }) => name)).toEqual(CHANGES.toReversed())
  expect(await describeSchema(database.client)).toEqual([])
  expect(await down()).toEqual([])

  expect(await up()).toEqual(CHANGES)
  expect(await describeSchema(database.client)).toEqual(taken[0]?.after)
})

test('the seed alone makes the tables of the first change, as the course does', async () => {
  await seed(database.client)
  // which leaves tables as they are that are there
  expect(await migrateUp(database.client, quiet, { count: 1 })).toEqual([CHANGES[0]])
  const seeded = await describeSchema(database.client)
  expect(seeded).toContain('orders.payment_ref text not null')
  await migrateDown(database.client, quiet)
  await migrateUp(database.client, quiet, { count: 1 })
  expect(await describeSchema(database.client)).toEqual(seeded)
})

describe.each(['an empty', 'a seeded'])('%s database', (which) => {
  test.each(CHANGES.map((name, index) => [name, CHANGES.length - index] as const))(
    'is taken back to before %s and up again, and is the same',
    async (first, count) => {
      await up()
      if (which === 'a seeded') {
        await seed(database.client)
        await database.client.query(
          `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('a', 4, 25, 0, 'PAY-1')`,
        )
      }
      const [schema, rows] = [await describeSchema(database.client), await events()]
      await down(count)
      expect(await up()).toEqual(CHANGES.slice(-count))
      expect(await describeSchema(database.client)).toEqual(schema)
      // before the first one there are no tables
      if (first !== CHANGES[0]) expect(await events()).toEqual(rows)
    },
  )

  const events = async () => (await database.client.query('SELECT * FROM events ORDER BY id')).rows
})

test('runners that start at the same time make every change once, and all of them succeed', async () => {
  const clients = await Promise.all([1, 2, 3].map(() => database.connect()))
  const made = await Promise.all(clients.map((client) => up(client)))
  expect(made.flat().toSorted()).toEqual(CHANGES)
  const { rows } = await database.client.query<{ name: string }>(
    'SELECT name FROM schema_migrations ORDER BY id',
  )
  expect(rows.map(({ name }) => name)).toEqual(CHANGES)
})

describe('a database that has the tables of the course already', () => {
  beforeEach(async () => {
    await database.client.query(`
      CREATE TABLE events (
        id SERIAL PRIMARY KEY, name TEXT NOT NULL, venue TEXT NOT NULL, event_date TIMESTAMPTZ NOT NULL,
        total_tickets INTEGER NOT NULL, price_cents INTEGER NOT NULL);
      CREATE TABLE orders (
        id TEXT PRIMARY KEY, event_id INTEGER REFERENCES events(id), quantity INTEGER NOT NULL,
        total_cents INTEGER NOT NULL, payment_ref TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'confirmed',
        created_at TIMESTAMPTZ DEFAULT NOW());`)
  })

  test('keeps its rows, and its seats are counted as sold', async () => {
    const { client } = database
    const [sold, untouched] = [await addEvent(client, 10), await addEvent(client, 10)]
    await client.query(
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
       VALUES ('a', $1, 2, 200, 'PAY-1'), ('b', $1, 3, 300, 'PAY-2'), ('c', NULL, 9, 900, 'PAY-3')`,
      [sold],
    )
    const before = (await client.query('SELECT * FROM orders ORDER BY id')).rows
    expect(await up()).toEqual(CHANGES)
    expect((await client.query('SELECT * FROM orders ORDER BY id')).rows).toEqual(before)
    expect((await client.query('SELECT id, sold FROM events ORDER BY id')).rows).toEqual([
      { id: sold, sold: 5 },
      { id: untouched, sold: 0 },
    ])
  })

  test('ends with the same schema as an empty one', async () => {
    await up()
    const schema = await describeSchema(database.client)
    const other = await emptyDatabase()
    await migrateUp(other.client, quiet)
    expect(schema).toEqual(await describeSchema(other.client))
    await other.drop()
  })

  test('keeps a column that a lab has added', async () => {
    await database.client.query('ALTER TABLE events ADD COLUMN email text')
    await up()
    expect(await describeSchema(database.client)).toContain('events.email text')
  })
})
