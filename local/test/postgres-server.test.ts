import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDataDir } from '@quickticket/testing/system'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../src/ports.ts'
import { findPostgresHome } from '../src/postgres-home.ts'
import { type PostgresServer, startPostgres } from '../src/postgres-server.ts'
import { isRunning, sendSignal } from '../src/processes.ts'
import { waitUntil } from '../src/wait.ts'
import { startWatchdog, type Watchdog } from '../src/watchdog.ts'

const isRoot = process.getuid?.() === 0
const lines: string[] = []
let dataDir: string
let watchdog: Watchdog
let server: PostgresServer | undefined

beforeAll(async () => {
  dataDir = makeDataDir()
  watchdog = await startWatchdog()
})

afterEach(async () => {
  await server?.stop('immediate')
  server = undefined
})

afterAll(async () => {
  await watchdog.endAll(1000)
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(dir = dataDir): Promise<PostgresServer> {
  const [port = 0] = await freePorts(1)
  server = await startPostgres({
    dataDir: dir,
    port,
    watchdog,
    log: (line) => lines.push(line),
    durable: false,
  })
  return server
}

async function query(port: number, sql: string): Promise<unknown[]> {
  const client = new pg.Client(`postgres://quickticket:quickticket@127.0.0.1:${port}/quickticket`)
  client.on('error', () => {})
  await client.connect()
  return (await client.query(sql).finally(() => client.end())).rows
}

test('a new cluster has the database, UTF-8, an order of texts by code point, and UTC', async () => {
  const { port } = await start()
  expect(
    await query(
      port,
      `SELECT current_user AS name, pg_encoding_to_char(encoding) AS encoding, datlocale AS locale,
         current_setting('server_version_num')::int / 10000 AS major, current_setting('timezone') AS timezone
       FROM pg_database WHERE datname = 'quickticket'`,
    ),
  ).toEqual([{ name: 'quickticket', encoding: 'UTF8', locale: 'C.UTF-8', major: 17, timezone: 'UTC' }])
})

test('a wrong password is refused', async () => {
  const { port } = await start()
  const client = new pg.Client(`postgres://quickticket:wrong@127.0.0.1:${port}/quickticket`)
  await expect(client.connect()).rejects.toThrow('password authentication failed')
})

test('data is there again after a stop and after a kill', async () => {
  const first = await start()
  await query(first.port, 'CREATE TABLE kept (id int)')
  await first.stop('fast')
  const second = await start()
  await query(second.port, 'INSERT INTO kept VALUES (1)')
  await second.kill()
  const { port } = await start()
  expect(await query(port, 'SELECT id FROM kept')).toEqual([{ id: 1 }])
})

test('a kill takes its backends along, also when all are paused', async () => {
  const { port, pid, pause, kill } = await start()
  const [backend] = (await query(
    port,
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
  )) as {
    pid: number
  }[]
  pause()
  await kill()
  const gone = () => !isRunning(pid) && !isRunning(backend?.pid as number)
  expect(await waitUntil(gone, 5000)).toBe(true)
  await start()
})

test('nothing answers while it is paused, and everything after', async () => {
  const { port, pause, resume } = await start()
  pause()
  let answered = false
  const answer = query(port, 'SELECT 1').then(() => {
    answered = true
  })
  await expect(waitUntil(() => answered, 300)).resolves.toBe(false)
  resume()
  await answer
})

test('a crashed server whose pid belongs to another process by now does not keep it from starting', async () => {
  const crashed = await start()
  await crashed.kill()
  const pidFile = join(findPostgresHome(dataDir).clusterDir, 'postmaster.pid')
  const [, ...rest] = readFileSync(pidFile, 'utf8').split('\n')
  writeFileSync(pidFile, [process.pid, ...rest].join('\n'))
  await start()
})

test('a server that an earlier run left behind is ended first', async () => {
  const left = await start()
  server = undefined
  const { pid } = await start()
  expect(pid).not.toBe(left.pid)
  expect(isRunning(left.pid)).toBe(false)
})

test('data of another major version is refused in one line that says what to do', async () => {
  const dir = makeDataDir()
  mkdirSync(join(dir, 'postgres'))
  writeFileSync(join(dir, 'postgres', 'PG_VERSION'), '16\n')
  await expect(start(dir)).rejects.toThrow(
    /holds data of PostgreSQL 16, but this is PostgreSQL 17: .*--fresh.*QUICKTICKET_DATA_DIR/,
  )
  rmSync(dir, { recursive: true })
})

test('when it cannot start, its own words are shown', async () => {
  const { port, pid } = await start()
  const other = makeDataDir()
  const second = startPostgres({ dataDir: other, port, watchdog, log: () => {}, durable: false })
  await expect(second).rejects.toThrow(
    /PostgreSQL did not start; the end of .*postgres\.log:.*could not bind/s,
  )
  expect(isRunning(pid)).toBe(true)
  rmSync(other, { recursive: true })
})

test('it notices its own end', async () => {
  const { pid, exited } = await start()
  sendSignal(pid, 'SIGKILL')
  expect(await exited).toEqual({ code: null, signal: 'SIGKILL' })
})

test.skipIf(!isRoot)('started as root below a directory that only root can read', async () => {
  const rootOnly = mkdtempSync(join(tmpdir(), 'quickticket-'))
  const dir = join(rootOnly, 'data')
  mkdirSync(dir)
  lines.length = 0
  const { port } = await start(dir)
  const home = findPostgresHome(dir)
  expect(await query(port, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(home.dir).toMatch(/^\/var\/tmp\/quickticket-/)
  expect(lines).toEqual([expect.stringContaining(home.dir)])
  await server?.stop('immediate')
  for (const each of [rootOnly, home.dir]) rmSync(each, { recursive: true })
})

test.skipIf(!isRoot)('as root, data that a user has made is gone on with as that user', async () => {
  const dir = makeDataDir()
  chmodSync(dir, 0o777)
  await start(dir)
  expect(existsSync(join(dir, 'postgres', 'PG_VERSION'))).toBe(true)
  expect(findPostgresHome(dir).account?.uid).toBeGreaterThan(0)
  await server?.stop('immediate')
  rmSync(dir, { recursive: true })
})
