import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram } from '@quickticket/testing/service-process'
import { type Database, describeSchema, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CHANGES } from '../src/changes.ts'
import { migrateDown, migrateUp, seed } from '../src/runner.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE = join(ROOT, 'migrations/examples/rename-event-date')

let database: Database
let scratch: string
let directory: string
beforeEach(async () => {
  database = await emptyDatabase()
  scratch = mkdtempSync(join(tmpdir(), 'quickticket-rename-'))
  directory = join(scratch, 'changes')
  await migrateUp(database.client, quiet)
  await seed(database.client)
  cpSync(CHANGES, directory, { recursive: true })
  cpSync(EXAMPLE, directory, { recursive: true })
})
afterEach(async () => {
  await database.drop()
  rmSync(scratch, { recursive: true })
})

const next = () => migrateUp(database.client, quiet, { directory, count: 1 })

/** The events service as it will be: its SQL says scheduled_at where it says event_date today. */
function makeNextVersion(): string {
  const service = join(scratch, 'services/events')
  cpSync(join(ROOT, 'services/events'), service, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  })
  symlinkSync(join(ROOT, 'node_modules'), join(scratch, 'node_modules'))
  const store = join(service, 'src/event-store.ts')
  const text = readFileSync(store, 'utf8')
  expect(text).toContain('event_date')
  writeFileSync(store, text.replaceAll('event_date', 'scheduled_at'))
  return join(service, 'src/server.ts')
}

async function run(server: string): Promise<string> {
  const service = runProgram([server], {
    ...database.variables,
    HOST: '127.0.0.1',
    PORT: '0',
    HOLD_STORE: 'memory',
    LOG_LEVEL: 'info',
  })
  return service.url()
}

const BUYERS = 3

/** Clients of one version that list, look and buy without a pause, and keep what was not as the contract says. */
function startClients(url: string, eventDates: string[]) {
  const wrong: unknown[] = []
  const orders: string[] = []
  let rounds = 0
  let stopped = false
  let onRound = () => {}
  async function round(): Promise<void> {
    const list = await fetch(`${url}/events`)
    const events = list.status === 200 ? ((await list.json()) as { date: string }[]) : []
    if (events.map(({ date }) => date).join() !== eventDates.join()) wrong.push(['list', list.status, events])
    const show = await fetch(`${url}/events/1`)
    if (show.status !== 200) wrong.push(['show', show.status])
    const reserve = await post(`${url}/events/3/reserve`, { quantity: 1 })
    if (reserve.status !== 200) return void wrong.push(['reserve', reserve.status])
    const { reservation_id } = (await reserve.json()) as { reservation_id: string }
    const confirm = await post(`${url}/reservations/${reservation_id}/confirm`, { payment_ref: 'PAY-1' })
    if (confirm.status === 200) orders.push(reservation_id)
    else wrong.push(['confirm', confirm.status])
  }
  const running = Array.from({ length: BUYERS }, async () => {
    while (!stopped && wrong.length === 0) {
      await round().catch((error) => wrong.push(error))
      rounds += 1
      onRound()
    }
  })
  return {
    wrong,
    orders,
    /** Waits until they went round as often as this, or one of them has seen something wrong. */
    rounds(count: number): Promise<void> {
      const wanted = rounds + count
      return new Promise((resolve) => {
        onRound = () => {
          if (rounds >= wanted || wrong.length > 0) resolve()
        }
        onRound()
      })
    },
    async stop() {
      stopped = true
      await Promise.all(running)
    },
  }
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

test('event_date becomes scheduled_at in three changes while two versions of events serve', async () => {
  const { rows } = await database.client.query<{ event_date: Date }>(
    'SELECT event_date FROM events ORDER BY event_date, id',
  )
  const dates = rows.map(({ event_date }) => event_date.toISOString().replace('.000Z', '+00:00'))
  await database.client.query('UPDATE events SET total_tickets = 1000000 WHERE id = 3')
  const oldUrl = await run(join(ROOT, 'services/events/src/server.ts'))
  const oldClients = startClients(oldUrl, dates)
  await oldClients.rounds(20)

  expect(await next()).toEqual(['0006_scheduled-at-expand'])
  await oldClients.rounds(20)
  expect(await next()).toEqual(['0007_scheduled-at-fill'])
  await oldClients.rounds(20)

  // what one version writes is there for the other one
  const newUrl = await run(makeNextVersion())
  await database.client.query(
    `UPDATE events SET event_date = '2026-12-01T00:00:00Z' WHERE id = 1;
     UPDATE events SET scheduled_at = '2026-12-02T00:00:00Z' WHERE id = 2;
     UPDATE events SET event_date = '${dates[0]}' WHERE id = 1;
     UPDATE events SET scheduled_at = '${dates[2]}' WHERE id = 2`,
  )
  expect((await database.client.query('SELECT FROM events WHERE scheduled_at <> event_date')).rowCount).toBe(
    0,
  )
  const newClients = startClients(newUrl, dates)
  await Promise.all([oldClients.rounds(20), newClients.rounds(20)])
  await oldClients.stop()
  expect(oldClients.wrong).toEqual([])

  expect(await next()).toEqual(['0008_scheduled-at-contract'])
  await newClients.rounds(20)
  await newClients.stop()
  expect(newClients.wrong).toEqual([])
  const bought = await database.client.query<{ id: string }>('SELECT id FROM orders')
  expect(bought.rows.map(({ id }) => id).toSorted()).toEqual(
    [...oldClients.orders, ...newClients.orders].toSorted(),
  )
  // the control: the old version cannot serve any more
  expect((await fetch(`${oldUrl}/events`)).status).toBe(500)
}, 60_000)

test('rows of both versions are written while both columns are there', async () => {
  await next()
  await next()
  await database.client.query(
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents) VALUES ('old', 'Hall', '2027-01-01T00:00:00Z', 1, 1);
     INSERT INTO events (name, venue, scheduled_at, total_tickets, price_cents) VALUES ('new', 'Hall', '2027-01-01T00:00:00Z', 1, 1)`,
  )
  const { rows } = await database.client.query(
    `SELECT name FROM events WHERE event_date = scheduled_at AND event_date = '2027-01-01T00:00:00Z' ORDER BY name`,
  )
  expect(rows.map(({ name }) => name)).toEqual(['new', 'old'])
})

test('until the last change everything can be taken back', async () => {
  const schema = await describeSchema(database.client)
  await next()
  await next()
  await migrateDown(database.client, quiet, 2, { directory })
  expect(await describeSchema(database.client)).toEqual(schema)
})
