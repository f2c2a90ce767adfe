import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '@quickticket/local/wait'
import { launchProgram } from '@quickticket/testing/program'
import { type Database, emptyDatabase } from '@quickticket/testing/stores'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { table } from '../src/chaos/injections/table.ts'
import { type Context, createContext } from '../src/context.ts'

const RUNNER = fileURLToPath(new URL('chaos-inject-and-wait.ts', import.meta.url))

let database: Database
let dataDir: string
let env: Record<string, string>

beforeEach(async () => {
  database = await emptyDatabase()
  await database.client.query('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2)')
  dataDir = mkdtempSync(join(tmpdir(), 'sre-watchdog-'))
  const { DB_PORT: POSTGRES_PORT = '', ...variables } = database.variables
  env = { ...variables, SRE_SYSTEM: 'local', POSTGRES_PORT, SRE_DATA_DIR: dataDir }
})
afterEach(async () => {
  rmSync(dataDir, { recursive: true, force: true })
  await database.drop()
})

async function tables(): Promise<string[]> {
  const { rows } = await database.client.query<{ relname: string }>(
    `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
  )
  return rows.map(({ relname }) => relname)
}

const leases = () => readdirSync(join(dataDir, 'leases'))

function inject(context: Context, data: Parameters<typeof table.inject>[1], ms: number): Promise<void> {
  return table.inject(context, data, { expiresAt: Date.now() + ms })
}

test('what a runner that is killed with SIGKILL has injected ends by itself', async () => {
  const runner = launchProgram([RUNNER, '3000'], env)
  await runner.logs.until(({ msg }) => msg === 'injected')
  expect(await tables()).toEqual(['orders_away_for_chaos'])
  runner.kill('SIGKILL')
  await runner.exited

  expect(await waitUntil(async () => (await tables()).includes('orders'), 15_000)).toBe(true)
  expect((await database.client.query('SELECT count(*)::int AS rows FROM orders')).rows).toEqual([
    { rows: 2 },
  ])
  expect(await waitUntil(async () => leases().length === 0, 5000)).toBe(true)
})

test('a rollback works from another process that has the journal only, and more than once', async () => {
  const data = await table.prepare(createContext(env), { table: 'orders' })
  await inject(createContext(env), data, 60_000)
  const journal = JSON.parse(JSON.stringify(data)) as typeof data
  const another = createContext(env)
  await table.rollback(another, journal)
  await table.rollback(another, journal)
  expect(await tables()).toEqual(['orders'])
  expect(leases()).toEqual([])
})

test('a rollback without an injection changes nothing', async () => {
  const context = createContext(env)
  await table.rollback(context, await table.prepare(context, { table: 'orders' }))
  expect(await tables()).toEqual(['orders'])
})

test('nothing is changed when the watchdog does not start', async () => {
  const context = { ...createContext(env), dataDir: '/dev/null' }
  const data = await table.prepare(context, { table: 'orders' })
  await expect(inject(context, data, 60_000)).rejects.toThrow()
  expect(await tables()).toEqual(['orders'])
})

test('a table that is not there is no target', async () => {
  await database.client.query('DROP TABLE orders')
  await expect(table.prepare(createContext(env), { table: 'orders' })).rejects.toThrow(
    'The database has no table orders',
  )
})
