import { fileURLToPath } from 'node:url'
import { runProgram } from '@quickticket/testing/service-process'
import { addEvent, type Database, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { startTcpProxy } from '@quickticket/testing/tcp-proxy'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { migrateUp, seed } from '../src/runner.ts'

const COMMAND = fileURLToPath(new URL('../src/migrate.ts', import.meta.url))

let database: Database
beforeEach(async () => {
  database = await emptyDatabase()
})
afterEach(() => database.drop())

const run = (args: string[], variables = {}) =>
  runProgram([COMMAND, ...args], { ...database.variables, ...variables })
const messages = ({ logs }: ReturnType<typeof run>) => logs.lines().map(({ msg }) => msg)
const events = async () => (await database.client.query('SELECT * FROM events ORDER BY id')).rows

describe('npm run migrate', () => {
  test('applies what is missing, and says what', async () => {
    const first = run(['up', '--seed'])
    expect(await first.exited).toBe(0)
    const steps = messages(first).slice(0, -1)
    expect(steps[0]).toMatch(/^up 0001_baseline: \d+ ms$/)
    expect(messages(first).at(-1)).toBe(`up: ${steps.map((step) => step.split(/[ :]/)[1]).join(', ')}`)
    expect(await events()).toHaveLength(5)

    const second = run([])
    expect(await second.exited).toBe(0)
    expect(messages(second)).toEqual(['nothing to do'])
  })

  test('takes the last change back', async () => {
    const changes = await migrateUp(database.client, quiet)
    const down = run(['down'])
    expect(await down.exited).toBe(0)
    expect(messages(down)).toEqual([
      expect.stringMatching(`^down ${changes.at(-1)}: \\d+ ms$`),
      `down: ${changes.at(-1)}`,
    ])
  })

  test.each([
    ['its password', { DB_PASS: 'another' }, 'check DB_USER and DB_PASS'],
    ['its database', { DB_NAME: 'nowhere' }, 'it has no such database: check DB_NAME'],
  ])('says in one line that %s is wrong', async (_what, variables, message) => {
    const refused = run(['status'], variables)
    expect(await refused.exited).toBe(1)
    expect(messages(refused)).toEqual([expect.stringContaining(message)])
    expect(refused.logs.lines()[0]).not.toHaveProperty('err')
  })

  test('waits for a PostgreSQL that is not there yet', async () => {
    const url = new URL(inject('postgresUrl'))
    const door = await startTcpProxy({ host: url.hostname, port: Number(url.port) })
    await door.shut()
    const waiting = run(['up'], { DB_HOST: '127.0.0.1', DB_PORT: String(door.port) })
    await waiting.logs.until(({ msg }) => msg === `waiting for PostgreSQL at 127.0.0.1:${door.port}`)
    await door.open()
    expect(await waiting.exited).toBe(0)
    await door.shut()
  })

  test.each([
    ['a change that fails', [], {}, 1],
    ['a malformed variable', [], { DB_PORT: 'x' }, 1],
    ['an unknown command', ['sideways'], {}, 2],
    ['an unknown option', ['up', '--sed'], {}, 2],
    ['help', ['--help'], {}, 0],
  ])('with %s it exits with the code that says so', async (what, args, variables, code) => {
    if (what === 'a change that fails') await database.client.query('CREATE VIEW orders AS SELECT 1 AS id')
    expect(await run(args, variables).exited).toBe(code)
  })
})

describe('the seed', () => {
  const course = [
    [1, 'Go Conference 2026', 'Main Hall A', '09-15T09:00:00.000Z', 100, 5000],
    [2, 'SRE Meetup', 'Room 204', '10-01T18:00:00.000Z', 30, 0],
    [3, 'Cloud Native Summit', 'Expo Center', '11-20T10:00:00.000Z', 500, 15000],
    [4, 'Python Workshop', 'Lab 301', '09-22T14:00:00.000Z', 25, 2000],
    [5, 'Kubernetes Deep Dive', 'Auditorium B', '10-10T10:00:00.000Z', 80, 8000],
  ]

  beforeEach(async () => {
    await migrateUp(database.client, quiet)
    await seed(database.client)
  })

  test('is the five events of the course, and the first of them is yet to come', async () => {
    const rows = (await events()).map((row) => [
      row.id,
      row.name,
      row.venue,
      row.event_date.toISOString().slice('2026-'.length),
      row.total_tickets,
      row.price_cents,
    ])
    expect(rows).toEqual(course)
    const first = Math.min(...(await events()).map(({ event_date }) => event_date))
    expect(first).toBeGreaterThan(Date.now())
  })

  test.each([
    ['2026-01-10 12:00Z', 2026],
    ['2026-09-15 08:59:59Z', 2026],
    ['2026-09-15 09:00Z', 2027],
    ['2026-11-28 12:00Z', 2027],
    ['2027-09-15 08:59:59Z', 2027],
    ['2028-02-29 12:00Z', 2028],
    ['2035-12-31 23:59:59Z', 2036],
  ])('on %s has the dates of the course in %i', async (today, year) => {
    await database.client.query('TRUNCATE events, orders CASCADE')
    await at(today)
    await seed(database.client)
    expect((await events()).map(({ event_date }) => event_date.toISOString())).toEqual(
      course.map(([, , , date]) => `${year}-${date}`),
    )
  })

  test('changes nothing in a later year either', async () => {
    const before = await events()
    await at('2050-01-01 00:00Z')
    await seed(database.client)
    expect(await events()).toEqual(before)
  })

  test('changes nothing the second time, not even what was changed or sold since', async () => {
    await database.client.query(`UPDATE events SET name = 'Renamed' WHERE id = 1`)
    await database.client.query(
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('a', 2, 3, 0, 'PAY-0')`,
    )
    const before = await events()
    await seed(database.client)
    expect(await events()).toEqual(before)
    expect(before[0].name).toBe('Renamed')
    expect(before[1].sold).toBe(3)
  })

  test('brings back an event that is missing', async () => {
    await database.client.query('DELETE FROM events WHERE id = 3')
    await seed(database.client)
    expect((await events()).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
  })

  test('leaves the next id free for a new event', async () => {
    expect(await addEvent(database.client, 1)).toBe(6)
    await seed(database.client)
    expect(await addEvent(database.client, 1)).toBe(7)
  })

  /** What `now()` says from here on, in a session whose clock changes between summer and winter. */
  async function at(time: string): Promise<void> {
    await database.client.query(`CREATE SCHEMA clock;
      CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '${time}' $$;
      SET search_path = public, clock, pg_catalog;
      SET timezone = 'America/New_York'`)
  }
})
