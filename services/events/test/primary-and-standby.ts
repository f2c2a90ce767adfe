import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '@quickticket/local/ports'
import { findPostgresHome } from '@quickticket/local/postgres-home'
import { startPostgres } from '@quickticket/local/postgres-server'
import { startWatchdog, type Watchdog } from '@quickticket/local/watchdog'
import { makeDataDir } from '@quickticket/testing/system'
import pg from 'pg'
import { onTestFinished, vi } from 'vitest'

const LOGIN = { host: '127.0.0.1', user: 'quickticket', password: 'quickticket', database: 'quickticket' }

/** A PostgreSQL server, and a second one that follows it by streaming replication; both end with the test. */
export async function primaryAndStandby() {
  const watchdog = await startWatchdog()
  const [primaryPort = 0, standbyPort = 0] = await freePorts(2)
  const [primaryDir, standbyDir] = [makeDataDir(), makeDataDir()]
  onTestFinished(async () => {
    await watchdog.endAll(1000)
    for (const dir of [primaryDir, standbyDir]) rmSync(dir, { recursive: true, force: true })
  })
  const made = await start(primaryDir, primaryPort, watchdog)
  await made.stop('fast')
  copyAsStandby(primaryDir, standbyDir, primaryPort)
  await start(primaryDir, primaryPort, watchdog)
  await start(standbyDir, standbyPort, watchdog)
  const [primary, standby] = [await connect(primaryPort), await connect(standbyPort)]
  return {
    primary,
    standby,
    primaryPort,
    standbyPort,
    /** Ends when the standby has everything that the primary has written. */
    async caughtUp() {
      const { rows } = await primary.query('SELECT pg_current_wal_lsn() AS written')
      const behind = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done'
      await vi.waitUntil(async () => (await standby.query(behind, [rows[0].written])).rows[0].done, 10_000)
    },
    promote: () => standby.query('SELECT pg_promote()'),
  }
}

const start = (dataDir: string, port: number, watchdog: Watchdog) =>
  startPostgres({ dataDir, port, watchdog, log: () => undefined, durable: false })

/** The server was stopped cleanly, so that its files are a backup. */
function copyAsStandby(primaryDir: string, standbyDir: string, primaryPort: number): void {
  const { clusterDir: from } = findPostgresHome(primaryDir)
  const { clusterDir: to } = findPostgresHome(standbyDir)
  execFileSync('cp', ['-a', from, to])
  writeFileSync(join(to, 'standby.signal'), '')
  const source = `host=127.0.0.1 port=${primaryPort} user=${LOGIN.user} password=${LOGIN.password}`
  appendFileSync(join(to, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`)
}

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({ ...LOGIN, port })
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}
