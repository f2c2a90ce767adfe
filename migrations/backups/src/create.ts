import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Log } from '@quickticket/kit/log'
import { connect } from '@quickticket/migrations/connect'
import type pg from 'pg'
import { checkArchive } from './archive.ts'
import { awaitTables, type TableWaiting } from './await-tables.ts'
import type { BackupConfig } from './config.ts'
import { type Contents, readContents } from './contents.ts'
import { withDatabaseLock } from './database-lock.ts'
import { openPartial, publish, removeAbandoned, removeOld } from './directory.ts'
import { databaseArgument, expectRecentPrograms, runProgram } from './programs.ts'

export interface Backup {
  file: string
  bytes: number
  rows: Record<string, number>
  takenAt: Date
  durationMs: number
  /** dumps that were too many */
  removed: string[]
}

/**
 * Dumps the database. The dump gets its name, and an older one goes, only when all of it was written, read again and is on
 * the disk.
 *
 * @throws {BackupError} {Unreachable}
 */
export async function createBackup(
  config: BackupConfig,
  log: Log,
  waiting: Partial<TableWaiting> = {},
): Promise<Backup> {
  const startedAt = performance.now()
  const client = await connect(config, log, 'quickticket-backup')
  try {
    await expectRecentPrograms(config, await serverMajor(client))
    await awaitTables(client, log, waiting)
    const made = await withDatabaseLock(client, log, 'backup', async () => {
      // first: what fills the disk may be just that
      await removeAbandoned(config.BACKUP_DIR)
      const dumped = await dumpAndCheck(config, client)
      return { ...dumped, removed: await removeOld(config.BACKUP_DIR, config.BACKUP_KEEP) }
    })
    return { ...made, durationMs: Math.round(performance.now() - startedAt) }
  } finally {
    await client.end()
  }
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

export function rowsOf({ tables }: Contents): Record<string, number> {
  return Object.fromEntries(Object.entries(tables).map(([name, { rows }]) => [name, rows]))
}

async function dumpAndCheck(config: BackupConfig, client: pg.Client) {
  const { name, path, file } = await openPartial(config.BACKUP_DIR)
  try {
    const { takenAt, contents } = await dump(config, client, path)
    await file.sync()
    await checkArchive(config, path)
    const { size: bytes } = await stat(path)
    const manifest = { takenAt: takenAt.toISOString(), bytes, sha256: await sha256(path), ...contents }
    await publish(config.BACKUP_DIR, name, path, manifest)
    return { file: join(config.BACKUP_DIR, name), bytes, rows: rowsOf(contents), takenAt }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** The dump and what it is compared with later are read from one and the same state of the database. */
async function dump(config: BackupConfig, client: pg.Client, path: string) {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const { rows } = await client.query<{ snapshot: string; takenAt: Date }>(
    'SELECT pg_export_snapshot() AS snapshot, now() AS "takenAt"',
  )
  const { snapshot, takenAt } = rows[0] as (typeof rows)[number]
  const args = [
    databaseArgument(config.DB_NAME),
    '--format=custom',
    // by its standard output it would write its table of contents twice, and half a dump could pass for a whole one
    `--file=${path}`,
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${LOCK_WAIT_MS}`,
  ]
  const [contents] = await Promise.all([readContents(client), runProgram(config, 'pg_dump', args)])
  await client.query('COMMIT')
  return { takenAt, contents }
}

const LOCK_WAIT_MS = 30_000

async function serverMajor(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT current_setting('server_version_num') AS version`,
  )
  return Math.floor(Number(rows[0]?.version) / 10_000)
}
