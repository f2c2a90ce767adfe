import { setTimeout as delay } from 'node:timers/promises'
import type { RunningService } from '@quickticket/testing/service-process'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { startEvents, startGateway } from '../src/extra-replicas.ts'
import { get } from '../src/http.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { createShop } from '../src/shop.ts'
import { sql, withPostgres } from '../src/stores.ts'
import type { Environment, System } from '../src/system.ts'

/** What a student has after lab 4: two tables, and nothing that a migration adds. */
const COURSE_DATABASE = `
  CREATE TABLE events (id serial PRIMARY KEY, name text NOT NULL, venue text NOT NULL, event_date timestamptz NOT NULL,
                       total_tickets int NOT NULL, price_cents int NOT NULL);
  CREATE TABLE orders (id text PRIMARY KEY, event_id int REFERENCES events (id), quantity int NOT NULL,
                       total_cents int NOT NULL, payment_ref text NOT NULL, status text NOT NULL DEFAULT 'confirmed',
                       created_at timestamptz DEFAULT now());
  INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
    VALUES ('Go Conference 2026', 'Main Hall A', '2026-09-15 09:00Z', 100, 5000),
           ('SRE Meetup', 'Room 204', '2026-10-01 18:00Z', 30, 0);
  INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('earlier', 2, 28, 0, 'PAY-00000000');`

let system: System
let number = 0
let database: string

beforeAll(async () => {
  system = await startLocalSystem()
})
beforeEach(async () => {
  number += 1
  database = `course_${number}`
  await sql(system, `CREATE DATABASE ${database}`)
  await withPostgres({ ...system.postgres, database }, (client) => client.query(COURSE_DATABASE))
})
afterAll(() => system.close())

/** Holds in memory: Redis belongs to the system's own database. */
const start = (more: Environment = {}) =>
  startEvents(system, { DB_NAME: database, HOLD_STORE: 'memory', ...more })
const status = async ({ url }: RunningService, path: string) => (await get(url + path)).status

test('events takes the database over, and tickets are sold through the gateway', async () => {
  const events = await start()
  await eventually(() => status(events, '/readyz'), 200)
  const gateway = await startGateway(system, { EVENTS_URL: events.url })
  expect(
    (await get<{ available: number }[]>(`${gateway.url}/events`)).json.map(({ available }) => available),
  ).toEqual([100, 2])
  const shop = createShop(gateway.url)
  const { reservation_id } = await shop.reserved(2)
  expect((await shop.pay(reservation_id)).status).toBe(200)
  expect((await get(`${gateway.url}/events/2`)).json).toMatchObject({ available: 1 })
  expect(await status(gateway, '/health')).toBe(200)
})

test('killed anywhere while it migrates, the next one finishes', async () => {
  for (const afterMs of [0, 5, 20, 50, 100]) {
    const events = await start()
    const begun = () => events.logs.lines().some(({ msg }) => msg === 'migrating the database')
    await Promise.race([eventually(begun, true), eventually(() => status(events, '/readyz'), 200)])
    await delay(afterMs)
    events.kill('SIGKILL')
    await events.exited
  }
  const events = await start()
  await eventually(() => status(events, '/readyz'), 200)
  expect((await get(`${events.url}/events/2`)).json).toMatchObject({ available: 2 })
})

test('told not to, it says at every probe what is missing, and the gateway passes the bad news on', async () => {
  const events = await start({ MIGRATE_ON_START: 'false' })
  const gateway = await startGateway(system, { EVENTS_URL: events.url })
  expect(await status(gateway, '/events')).toBe(502)
  const health = await get(`${gateway.url}/health`)
  expect(health.status).toBe(503)
  expect(health.json).toMatchObject({ status: 'degraded', checks: { events: 'degraded' } })
  for (const path of ['/health', '/readyz']) {
    const { status, text } = await get(events.url + path)
    expect({ path, status, text }).toMatchObject({
      status: 503,
      text: expect.stringContaining('No migration has seen this database'),
    })
  }
})
