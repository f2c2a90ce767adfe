import { type Database, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { startTraffic } from '@quickticket/testing/traffic'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { fill } from '../bench/fill.ts'
import { migrateDown, migrateUp } from '../src/runner.ts'

const ORDERS = 1_000_000
const CLIENTS = 6

let filled: Database
let database: Database
let runner: pg.Client
beforeAll(async () => {
  filled = await emptyDatabase()
  await migrateUp(filled.client, quiet)
  await fill(filled.client, { events: 1000, orders: ORDERS })
  await filled.client.end()
}, 180_000)
afterAll(() => filled.drop())
beforeEach(async () => {
  database = await emptyDatabase(filled.variables.DB_NAME)
  runner = await database.connect()
  return () => database.drop()
})

describe('with a million orders, while people buy', () => {
  test('no client sees an error when every change is taken back and made again, by two runners at once', async () => {
    const other = await database.connect()
    const traffic = await traffics()
    // the first change is the tables themselves
    await migrateDown(runner, quiet, 4)
    await traffic.more(100)
    const made = await Promise.all([migrateUp(runner, quiet), migrateUp(other, quiet)])
    await traffic.more(100)
    const { errors, orders } = await traffic.stop()
    expect(errors).toEqual([])
    expect(made.flat()).toHaveLength(4)
    const { rows } = await database.client.query(
      'SELECT (SELECT count(*) FROM orders)::int AS orders, (SELECT sum(sold) FROM events)::int AS sold',
    )
    expect(rows).toEqual([{ orders: ORDERS + orders, sold: ORDERS + orders }])
  }, 120_000)

  describe('an index of a large table', () => {
    beforeEach(async () => {
      await migrateDown(runner, quiet)
      await database.client.query(
        `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
         SELECT 'Event ' || n, 'Hall', now() + n * interval '1 minute', 1000000, 100 FROM generate_series(1, 200000) AS n`,
      )
    })

    test('that is built with CONCURRENTLY blocks no client at any time', async () => {
      const traffic = await traffics()
      await traffic.more(10)
      const building = migrateUp(runner, quiet)
      const most = await mostStoppedBy(runner, building)
      expect(await building).toEqual(['0005_event-date-index'])
      await traffic.more(10)
      expect((await traffic.stop()).errors).toEqual([])
      expect(most).toBe(0)
    })

    test('the control: a plain CREATE INDEX blocks every client that buys', async () => {
      const traffic = await traffics()
      await traffic.more(10)
      await runner.query('BEGIN')
      const building = runner.query('CREATE INDEX plain ON events (event_date)')
      const most = await mostStoppedBy(runner, building)
      await expect.poll(() => stoppedBy(runner), { timeout: 20_000 }).toBe(CLIENTS)
      await runner.query('COMMIT')
      await traffic.more(10)
      expect((await traffic.stop()).errors).toEqual([])
      expect(most).toBeGreaterThan(0)
    })
  })
})

async function traffics() {
  const traffic = await startTraffic(database, CLIENTS)
  onTestFinished(() => void traffic.stop())
  return traffic
}

/** The largest number of clients that were seen waiting for this one while it worked. */
async function mostStoppedBy(client: pg.Client, work: Promise<unknown>): Promise<number> {
  let working = true
  const done = work.finally(() => {
    working = false
  })
  let most = 0
  while (working) most = Math.max(most, await stoppedBy(client))
  await done
  return most
}

async function stoppedBy(client: pg.Client): Promise<number> {
  const { rows } = await database.client.query<{ stopped: number }>(
    'SELECT count(*)::int AS stopped FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
    [(client as pg.Client & { processID: number }).processID],
  )
  return rows[0]?.stopped ?? 0
}
