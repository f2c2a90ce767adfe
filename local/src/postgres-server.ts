import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { ensureCluster, NAME, SERVER_ENVIRONMENT } from './postgres-cluster.ts'
import { findPostgresHome, type PostgresHome } from './postgres-home.ts'
import { clearCrashedServer, isReady } from './postmaster-pid.ts'
import { controlProcess, type Exit, type RunningProcess } from './running-process.ts'
import { createTail } from './tail.ts'
import { waitUntil } from './wait.ts'
import type { Watchdog } from './watchdog.ts'

export type PostgresServer = Omit<RunningProcess, 'stop'> & {
  port: number
  /** `fast` ends connections and shuts down; `immediate` leaves recovery to the next start */
  stop(mode: 'fast' | 'immediate', graceMs?: number): Promise<Exit>
}

export type PostgresOptions = {
  dataDir: string
  port: number
  watchdog: Watchdog
  log: (line: string) => void
  /** false: faster, but data is lost when the machine crashes; for tests */
  durable?: boolean
}

/** After a crash the server first replays what was written since the last checkpoint. */
const START_TIMEOUT_MS = 60_000

/** Starts PostgreSQL on the loopback interface, with an empty database when there is none yet, and waits for it. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { port, watchdog, durable = true } = options
  const dataDir = realpathSync(options.dataDir)
  const home = findPostgresHome(dataDir)
  const binaries = await findPostgresBinaries(home)
  sayWhere(dataDir, home, binaries, options.log)
  await ensureCluster(home, binaries, watchdog, durable)
  await clearCrashedServer(home.clusterDir)

  const logFile = join(dataDir, 'logs', 'postgres.log')
  mkdirSync(dirname(logFile), { recursive: true })
  const output = openSync(logFile, 'a')
  const tail = createTail(logFile)
  const child = await watchdog.spawn(
    binaries.postgres,
    ['-D', home.clusterDir, '-p', String(port), ...settings(durable)],
    { ...home.account, cwd: home.dir, env: SERVER_ENVIRONMENT, stdio: ['ignore', output, output] },
    'SIGINT',
  )
  closeSync(output)

  const server = controlProcess(child, watchdog)
  const settled = () => !server.isRunning() || isReady(home.clusterDir, server.pid)
  const inTime = await waitUntil(settled, START_TIMEOUT_MS, 10)
  if (!inTime || !server.isRunning()) {
    await server.kill()
    throw new Error(`PostgreSQL did not start; the end of ${logFile}:\n${tail()}`)
  }
  try {
    await ensureDatabase(port)
  } catch (error) {
    await server.stop('SIGINT', 5000)
    throw error
  }
  return {
    ...server,
    port,
    stop: (mode, graceMs = 10_000) => server.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', graceMs),
  }
}

function settings(durable: boolean): string[] {
  const chosen = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function ensureDatabase(port: number): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: NAME,
    password: NAME,
    database: 'postgres',
    connectionTimeoutMillis: 10_000,
  })
  await client.connect()
  try {
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [NAME])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${NAME}`)
  } finally {
    await client.end()
  }
}

function sayWhere(
  dataDir: string,
  home: PostgresHome,
  { postgres }: PostgresBinaries,
  log: (line: string) => void,
): void {
  const who = home.account ? `user ${home.account.name} (PostgreSQL does not run as root)` : 'this user'
  if (home.dir !== dataDir) {
    log(`PostgreSQL: data and programs are in ${home.dir}, because ${who} cannot use ${dataDir}`)
  } else if (postgres.startsWith(home.dir)) {
    log(`PostgreSQL: runs from a copy in ${home.dir}, because ${who} cannot use the one in node_modules`)
  }
}
