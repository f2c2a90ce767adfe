import { migrateUp } from '@quickticket/migrations/runner'
import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { addEvent, quiet } from '@quickticket/testing/stores'
import type pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'

/** The two tables of the course, with two of its events and an order. */
const COURSE_TABLES = `
  CREATE TABLE events (id serial PRIMARY KEY, name text NOT NULL, venue text NOT NULL, event_date timestamptz NOT NULL,
                       total_tickets int NOT NULL, price_cents int NOT NULL);
  CREATE TABLE orders (id text PRIMARY KEY, event_id int REFERENCES events (id), quantity int NOT NULL,
                       total_cents int NOT NULL, payment_ref text NOT NULL, status text NOT NULL DEFAULT 'confirmed',
                       created_at timestamptz DEFAULT now());`
const COURSE_ROWS = `
  INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
    VALUES ('Go Conference 2026', 'Main Hall A', '2026-09-15 09:00Z', 100, 5000),
           ('SRE Meetup', 'Room 204', '2026-10-01 18:00Z', 30, 0);
  INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('before', 1, 3, 15000, 'PAY-00000000');`
const seededByTheCourse = (client: pg.Client) => client.query(COURSE_TABLES + COURSE_ROWS)
const empty = async () => undefined

const running: EventsApp[] = []
async function start(options: Parameters<typeof eventsApp>[0]): Promise<EventsApp> {
  const app = await eventsApp(options)
  running.push(app)
  await app.app.ready()
  return app
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()))
})

const status = async ({ app }: EventsApp, url: string) => (await app.inject(url)).statusCode
const untilHealthy = (events: EventsApp) =>
  vi.waitFor(async () => expect(await status(events, '/health')).toBe(200), { timeout: 25_000, interval: 50 })
const KNOWN = { msg: 'the database has every table' }
const history = async ({ pool }: EventsApp) =>
  (await pool.query(`SELECT to_regclass('schema_migrations') AS history`)).rows[0].history

async function buy(events: EventsApp, event: number): Promise<number> {
  const post = (url: string, payload: object) => events.app.inject({ method: 'POST', url, payload })
  const { reservation_id: id } = (await post(`/events/${event}/reserve`, { quantity: 1 })).json()
  await post(`/reservations/${id}/checkout`, { charge_within_ms: 5000 })
  return (await post(`/reservations/${id}/confirm`, { payment_ref: 'PAY-12345678' })).statusCode
}

describe('a database with the two tables of the course', () => {
  test('is brought up to date, its orders count, and tickets are sold', async () => {
    const events = await start({ prepare: seededByTheCourse })
    await untilHealthy(events)
    expect(await status(events, '/readyz')).toBe(200)
    const list = (await events.app.inject('/events')).json()
    expect(list.map(({ available }: { available: number }) => available)).toEqual([97, 30])
    expect(await buy(events, 1)).toBe(200)
    expect((await events.app.inject('/events/1')).json().available).toBe(96)
  })

  test('is brought up to date once by replicas that start together', async () => {
    const first = await eventsApp({ prepare: seededByTheCourse, env: { MIGRATE_ON_START: 'false' } })
    running.push(first)
    const { rows } = await first.pool.query('SELECT current_database() AS name')
    const replicas = await Promise.all(
      Array.from({ length: 3 }, () => start({ prepare: empty, env: { DB_NAME: rows[0].name } })),
    )
    await Promise.all(replicas.map(untilHealthy))
    const applied = await first.pool.query('SELECT name FROM schema_migrations ORDER BY id')
    // each once, and none that the service does not need
    expect(applied.rows.map(({ name }) => name)).toEqual([
      '0001_baseline',
      '0002_sold-seats',
      '0003_checkouts',
    ])
    expect(await status(first, '/health')).toBe(200)
  })

  test('with MIGRATE_ON_START=false is left alone, and nothing says that the service is well', async () => {
    const events = await start({ prepare: seededByTheCourse, env: { MIGRATE_ON_START: 'false' } })
    const reason = 'No migration has seen this database: run "npm run migrate -- up"'
    expect(await status(events, '/events')).toBe(500)
    const health = await events.app.inject('/health')
    expect(health.statusCode).toBe(503)
    expect(health.json()).toMatchObject({ checks: { postgres: 'degraded' }, reasons: { postgres: reason } })
    const ready = await events.app.inject('/readyz')
    expect({ code: ready.statusCode, ...ready.json() }).toEqual({ code: 503, status: 'not ready', reason })
    expect(await history(events)).toBeNull()
  })

  test('whose migration fails is logged, and is tried again', async () => {
    const events = await start({
      prepare: async (client) => {
        await seededByTheCourse(client)
        // the name of one of ours
        await client.query('CREATE TABLE checkouts_open ()')
      },
    })
    const failures = () => events.logs.lines().filter(({ msg }) => msg === 'the database was not migrated')
    await vi.waitFor(() => expect(failures()).toHaveLength(1), 10_000)
    expect(failures()[0]?.level).toBe('ERROR')
    expect((await events.app.inject('/health')).json().reasons.postgres).toBe(
      'The database lacks checkouts, outbox: run "npm run migrate -- up"',
    )
    await events.pool.query('DROP TABLE checkouts_open')
    await untilHealthy(events)
  })

  test('whose migration was interrupted is brought up to date at the next start', async () => {
    const events = await start({
      prepare: async (client) => {
        await seededByTheCourse(client)
        await migrateUp(client, quiet, { count: 1 })
      },
    })
    await untilHealthy(events)
    expect(await buy(events, 1)).toBe(200)
  })

  test('is left without what students add themselves, and what they add is harmless', async () => {
    const byHand = `ALTER TABLE events ADD COLUMN email text;
                    CREATE INDEX idx_events_event_date ON events (event_date);`
    const before = await start({
      prepare: async (client) => {
        await seededByTheCourse(client)
        await client.query(byHand)
      },
    })
    await untilHealthy(before)
    const after = await start({ prepare: seededByTheCourse })
    await untilHealthy(after)
    await after.pool.query(byHand)
    for (const events of [before, after]) {
      const client = await events.pool.connect()
      await migrateUp(client as unknown as pg.Client, quiet)
      client.release(true)
      expect(await buy(events, 2)).toBe(200)
    }
  })
})

describe('an empty database', () => {
  test('gets its tables at the start, so that seed.sql finds them', async () => {
    const events = await start({ prepare: empty })
    await untilHealthy(events)
    expect((await events.app.inject('/events')).json()).toEqual([])
    await events.pool.query(
      COURSE_TABLES.replaceAll('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS') + COURSE_ROWS,
    )
    expect((await events.app.inject('/events')).json()).toHaveLength(2)
  })

  test('is none that belongs to another program: that one stays as it is, and /health says what is missing', async () => {
    const events = await start({ prepare: (client) => client.query('CREATE TABLE accounts (id int)') })
    const reason = 'The database lacks events, orders, checkouts, outbox: run "npm run migrate -- up"'
    for (let asked = 0; asked < 3; asked++) {
      expect((await events.app.inject('/health')).json().reasons.postgres).toBe(reason)
      expect(await status(events, '/events')).toBe(500)
    }
    expect(await history(events)).toBeNull()
  })

  test('that was emptied later waits for what it is filled with', async () => {
    const events = await start({ env: { LOG_LEVEL: 'debug' } })
    // until then it is the empty database of a start
    await vi.waitFor(() => expect(events.logs.lines()).toContainEqual(expect.objectContaining(KNOWN)))
    await events.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    expect(await status(events, '/events')).toBe(500)
    expect((await events.app.inject('/health')).json().reasons.postgres).toMatch(
      /^The database has no tables/,
    )
    expect(await history(events)).toBeNull()
    await events.pool.query(COURSE_TABLES + COURSE_ROWS)
    await untilHealthy(events)
    expect((await events.app.inject('/events')).json()).toHaveLength(2)
  })
})

describe('a database that migrations have seen', () => {
  test('is not changed although a table is missing, and /health says so', async () => {
    const events = await start({})
    await untilHealthy(events)
    await events.pool.query('ALTER TABLE orders RENAME TO lost')
    expect(await status(events, '/events')).toBe(500)
    const health = await events.app.inject('/health')
    expect(health.statusCode).toBe(503)
    expect(health.json().reasons.postgres).toBe('The database lacks orders: restore a backup')
    expect(await status(events, '/readyz')).toBe(503)
    await events.pool.query('ALTER TABLE lost RENAME TO orders')
    expect(await status(events, '/readyz')).toBe(200)
  })

  test('gets what it lacks with MIGRATE_ON_START=true only', async () => {
    const old = (client: pg.Client) => migrateUp(client, quiet, { count: 2 })
    const indexes = async ({ pool }: EventsApp) =>
      (await pool.query(`SELECT FROM pg_indexes WHERE indexname = 'idx_events_event_date'`)).rowCount
    const [auto, always] = [
      await start({ prepare: old }),
      await start({ prepare: old, env: { MIGRATE_ON_START: 'true' } }),
    ]
    await vi.waitFor(async () => expect(await indexes(always)).toBe(1), 15_000)
    expect(await indexes(auto)).toBe(0)
    for (const events of [auto, always]) {
      await untilHealthy(events)
      expect(await buy(events, await addEvent(events.pool, 5))).toBe(200)
    }
  })

  test('that has later changes gets the earlier one that the service needs', async () => {
    const withoutCheckouts = async (client: pg.Client) => {
      await migrateUp(client, quiet)
      await client.query(`
        DROP FUNCTION confirm_order; ALTER TABLE events DROP CONSTRAINT events_price_in_range; DROP TABLE outbox, checkouts;
        DELETE FROM schema_migrations WHERE name = '0003_checkouts'`)
    }
    const events = await start({ prepare: withoutCheckouts })
    await untilHealthy(events)
    expect(await buy(events, await addEvent(events.pool, 5))).toBe(200)
    const { rows } = await events.pool.query('SELECT name FROM schema_migrations ORDER BY id')
    expect(rows.slice(-2).map(({ name }) => name)).toEqual(['0005_event-date-index', '0003_checkouts'])
  })
})
