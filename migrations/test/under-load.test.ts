import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runProgram } from '@quickticket/testing/service-process'
import { type Database, describeSchema, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EXTENSION } from '../src/changes.ts'
import { findInvalidIndexes } from '../src/invalid-indexes.ts'
import { LockTimeout } from '../src/lock-retry.ts'
import { migrateDown, migrateUp, seed } from '../src/runner.ts'
import { readStatus } from '../src/status.ts'
import { watchedLog } from './watched-log.ts'

const CHANGES = readdirSync(new URL('../changes', import.meta.url))
  .map((file) => file.replace(EXTENSION, ''))
  .toSorted()
const COMMAND = fileURLToPath(new URL('../src/migrate.ts', import.meta.url))
const INDEX = 'idx_events_event_date'
const countFrom = (change: string) => CHANGES.length - CHANGES.findIndex((name) => name.startsWith(change))

let database: Database
beforeEach(async () => {
  database = await emptyDatabase()
})
afterEach(() => database.drop())

const order = (id: string, event = 3) =>
  `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('${id}', ${event}, 1, 0, 'PAY-1')`

/** The database as it was before a change, with the course's events in it. */
async function migratedUntilBefore(change: string): Promise<void> {
  await migrateUp(database.client, quiet)
  await migrateDown(database.client, quiet, countFrom(change))
  await seed(database.client)
}

/** Waits until one session is in this state. */
async function until(condition: string): Promise<void> {
  await expect
    .poll(
      async () => (await database.client.query(`SELECT FROM pg_stat_activity WHERE ${condition}`)).rowCount,
      {
        timeout: 20_000,
        interval: 10,
      },
    )
    .toBe(1)
}

describe('a change that needs a table which a long transaction reads', () => {
  test('gives up, changes nothing and can be made later', async () => {
    await migratedUntilBefore('0004')
    const schema = await describeSchema(database.client)
    const reader = await database.connect()
    await reader.query('BEGIN; SELECT * FROM events')
    await expect(migrateUp(database.client, quiet, { lockTimeoutMs: 20, attempts: 2 })).rejects.toThrow(
      LockTimeout,
    )
    expect(await describeSchema(database.client)).toEqual(schema)
    await reader.query('COMMIT')
    expect(await migrateUp(database.client, quiet)).toEqual(CHANGES.slice(-countFrom('0004')))
  })

  test('lets traffic through between two attempts, and is made when the table is free', async () => {
    await migratedUntilBefore('0004')
    const [reader, writer] = [await database.connect(), await database.connect()]
    await reader.query('BEGIN; SELECT * FROM events')
    const { log, lines } = watchedLog()
    const migrating = migrateUp(database.client, log, { lockTimeoutMs: 50 })
    await lines.until(({ msg }) => msg.startsWith('up 0004_event-email gave up waiting'))
    await writer.query(order('between'))
    expect(
      (await writer.query('SELECT name FROM schema_migrations WHERE name LIKE $1', ['0004%'])).rowCount,
    ).toBe(0)
    await reader.query('COMMIT')
    expect(await migrating).toEqual(CHANGES.slice(-countFrom('0004')))
  })
})

describe('an index on a table in use', () => {
  test('is built without stopping a writer', async () => {
    await migratedUntilBefore('0005')
    const [builder, slow, writer] = await Promise.all([1, 2, 3].map(() => database.connect()))
    if (!builder || !slow || !writer) throw new Error('no connections')
    // the build waits for transactions that wrote before it
    await slow.query(`BEGIN; ${order('slow')}`)
    const building = migrateUp(builder, quiet)
    await until(`query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`)
    await writer.query(order('meanwhile', 1))
    await until(`query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`)
    await slow.query('COMMIT')
    expect(await building).toEqual(['0005_event-date-index'])
  })

  test('the control: a plain CREATE INDEX makes every writer wait until it is done', async () => {
    await migratedUntilBefore('0005')
    const [builder, writer] = await Promise.all([1, 2].map(() => database.connect()))
    if (!builder || !writer) throw new Error('no connections')
    await builder.query(`BEGIN; CREATE INDEX ${INDEX} ON events (event_date)`)
    const writing = writer.query(order('waits'))
    await until(`query LIKE 'INSERT INTO orders%' AND cardinality(pg_blocking_pids(pid)) > 0`)
    await builder.query('COMMIT')
    await writing
  })

  test('that an interrupted build has left INVALID is found and repaired', async () => {
    await migratedUntilBefore('0005')
    const [builder, slow] = await Promise.all([1, 2].map(() => database.connect()))
    if (!builder || !slow) throw new Error('no connections')
    builder.on('error', () => undefined)
    await slow.query(`BEGIN; ${order('slow')}`)
    const building = expect(migrateUp(builder, quiet)).rejects.toThrow()
    await until(`query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`)
    await database.client.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'`,
    )
    await building
    await slow.query('COMMIT')

    expect((await findInvalidIndexes(database.client)).map(({ name }) => name)).toEqual([INDEX])
    expect((await readStatus(database.client)).lines.at(-1)).toBe(
      `index ${INDEX} is INVALID; the next up repairs it`,
    )
    const { log, lines } = watchedLog()
    expect(await migrateUp(database.client, log)).toEqual(['0005_event-date-index'])
    expect(lines.lines()[0]?.msg).toMatch(`${INDEX} was INVALID, repaired in`)
    expect(await findInvalidIndexes(database.client)).toEqual([])
    await expectIndexInUse()
  })

  test('that was on its way out when DROP was interrupted is there again after up', async () => {
    await migrateUp(database.client, quiet)
    await seed(database.client)
    const [dropper, slow] = await Promise.all([1, 2].map(() => database.connect()))
    if (!dropper || !slow) throw new Error('no connections')
    dropper.on('error', () => undefined)
    await slow.query('BEGIN; SELECT * FROM events')
    const dropping = expect(migrateDown(dropper, quiet)).rejects.toThrow()
    await until(`query LIKE 'DROP INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`)
    await database.client.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'DROP INDEX CONCURRENTLY%'`,
    )
    await dropping
    await slow.query('COMMIT')
    expect(await findInvalidIndexes(database.client)).toHaveLength(1)
    expect(await migrateUp(database.client, quiet)).toEqual([])
    await expectIndexInUse()
  })

  async function expectIndexInUse(): Promise<void> {
    await database.client.query('SET enable_seqscan = off; SET enable_sort = off')
    const { rows } = await database.client.query('EXPLAIN SELECT id FROM events ORDER BY event_date')
    expect(JSON.stringify(rows)).toContain(INDEX)
  }
})

describe('a runner that is killed in the middle of', () => {
  test.each(CHANGES)('%s: the next one ends where it would have', async (change) => {
    await migrateUp(database.client, quiet)
    const schema = await describeSchema(database.client)
    await migrateDown(database.client, quiet, countFrom(change))

    // what the change does is done, and recording it is blocked
    const holder = await database.connect()
    await holder.query('BEGIN; LOCK TABLE schema_migrations IN SHARE MODE')
    const runner = runProgram([COMMAND, 'up', '--lock-timeout-ms', '600000'], database.variables)
    await until(`query LIKE 'INSERT INTO "public"."schema_migrations"%' AND wait_event_type = 'Lock'`)
    runner.kill('SIGKILL')
    await runner.exited
    await holder.query('COMMIT')

    await migrateUp(database.client, quiet)
    expect(await describeSchema(database.client)).toEqual(schema)
    expect((await readStatus(database.client)).pending).toBe(0)
  })
})
