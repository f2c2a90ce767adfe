import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import type pg from 'pg'
import { type Config, variables } from '../src/config.ts'
import { connect } from '../src/connect.ts'
import { migrateDown, migrateUp } from '../src/runner.ts'
import { buyers } from './buyers.ts'
import { readCommand } from './command.ts'
import { fill } from './fill.ts'

const { orders, clients } = readCommand()
const INDEX = 'idx_events_event_date'
const LONG_MS = 3000
const log = createLog('bench', 'error')
const config = loadConfig(variables, { DB_HOST: '127.0.0.1', ...process.env })

console.log(`${clients} clients that look at an event and buy, 5 ms apart

| what | took, ms | requests | errors | longest wait of a writer, ms | of a reader, ms | before, ms |
|---|---|---|---|---|---|---|`)
// as many events as orders, so that an index of theirs takes its time
await withDatabase(orders, async (client, here) => {
  const { row, behindLongTransaction } = measuring(here, orders)
  await row('nothing, for 5 s', () => delay(5000))
  await row('down 0005 (DROP INDEX CONCURRENTLY)', () => migrateDown(client, log))
  await row('control: CREATE INDEX', () => client.query(`CREATE INDEX ${INDEX} ON events (event_date)`))
  await client.query(`DROP INDEX ${INDEX}`)
  await row('up 0005 (CREATE INDEX CONCURRENTLY)', () => migrateUp(client, log, { count: 1 }))
  await migrateDown(client, log)
  await row('down 0004 (email)', () => migrateDown(client, log))
  await row('up 0004 (email)', () => migrateUp(client, log, { count: 1 }))
  await migrateDown(client, log)
  await row('control: ADD COLUMN behind a transaction of 3 s', () =>
    behindLongTransaction(() => client.query('ALTER TABLE events ADD COLUMN email text')),
  )
  await client.query('ALTER TABLE events DROP COLUMN email')
  await row('up 0004 behind a transaction of 3 s', () =>
    behindLongTransaction(() => migrateUp(client, log, { count: 1 })),
  )
})
// these count the seats of every event once: as many events as there might be
await withDatabase(1000, async (client, here) => {
  const { row } = measuring(here, 1000)
  await migrateDown(client, log, 2)
  await row('down 0003 (checkouts), 1000 events', () => migrateDown(client, log))
  await row('down 0002 (sold seats), 1000 events', () => migrateDown(client, log))
  await row('up 0002 (sold seats), 1000 events', () => migrateUp(client, log, { count: 1 }))
  await row('up 0003 (checkouts), 1000 events', () => migrateUp(client, log, { count: 1 }))
})

async function withDatabase(
  events: number,
  work: (client: pg.Client, here: Config) => Promise<void>,
): Promise<void> {
  const here = { ...config, DB_NAME: `quickticket_bench_${randomUUID().slice(0, 8)}` }
  const admin = await connect(config, log, 'quickticket-bench')
  await admin.query(`CREATE DATABASE ${here.DB_NAME}`)
  try {
    const client = await connect(here, log, 'quickticket-bench')
    await migrateUp(client, log)
    await fill(client, { events, orders })
    await work(client, here)
    await client.end()
  } finally {
    await admin.query(`DROP DATABASE ${here.DB_NAME} WITH (FORCE)`)
    await admin.end()
  }
}

function measuring(here: Config, events: number) {
  return {
    async row(what: string, work: () => Promise<unknown>): Promise<void> {
      const traffic = await buyers(here, clients, events)
      const before = await traffic.settle(2000)
      const startedAt = performance.now()
      await work()
      const tookMs = performance.now() - startedAt
      const { requests, errors, longestWriteMs, longestReadMs } = await traffic.stop()
      const waits = [longestWriteMs, longestReadMs, Math.max(before.longestWriteMs, before.longestReadMs)]
      const cells = [what, tookMs.toFixed(0), requests, errors, ...waits.map((ms) => ms.toFixed(0))]
      console.log(`| ${cells.join(' | ')} |`)
    },
    async behindLongTransaction(work: () => Promise<unknown>): Promise<void> {
      const reader = await connect(here, log, 'quickticket-report')
      await reader.query('BEGIN; SELECT count(*) FROM events WHERE id < 10')
      await Promise.all([work(), delay(LONG_MS).then(() => reader.query('COMMIT'))])
      await reader.end()
    },
  }
}
