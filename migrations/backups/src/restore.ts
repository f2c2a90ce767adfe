import type { Log } from '@quickticket/kit/log'
import { connect } from '@quickticket/migrations/connect'
import pg from 'pg'
import { checkArchive, restoreArchive } from './archive.ts'
import { BackupError } from './backup-error.ts'
import type { BackupConfig } from './config.ts'
import { tableNames } from './contents.ts'
import { derivedName, dropDatabase, restoreToScratch } from './scratch-database.ts'

export interface Restored {
  rows: Record<string, number>
  /** the database that was there before, under the name that it has now */
  replaced: string | undefined
  durationMs: number
}

/**
 * Brings the database of the variables to the state of a dump. One that has tables is replaced only with `force`: the dump
 * is restored beside it while it serves, and then takes its name; it stays under another one.
 *
 * @throws {BackupError}
 */
export async function restoreBackup(
  config: BackupConfig,
  log: Log,
  file: string,
  { force = false } = {},
): Promise<Restored> {
  const startedAt = performance.now()
  await checkArchive(config, file)
  const there = await tablesOf(config, log)
  if (there.length > 0 && !force) {
    throw new BackupError(
      `the database ${config.DB_NAME} has tables already (${there.join(', ')}): --force replaces it, and keeps it under another name`,
    )
  }
  const replaced = there.length > 0 ? await replace(config, log, file) : undefined
  if (!replaced) await restoreArchive(config, file, config.DB_NAME)
  const rows = await finish(config, log)
  return { rows, replaced, durationMs: Math.round(performance.now() - startedAt) }
}

async function tablesOf(config: BackupConfig, log: Log): Promise<string[]> {
  const client = await connect(config, log, 'quickticket-restore')
  return tableNames(client).finally(() => client.end())
}

async function replace(config: BackupConfig, log: Log, file: string): Promise<string> {
  const current = config.DB_NAME
  const kept = derivedName(current, `until_${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}`)
  const admin = await connect({ ...config, DB_NAME: 'postgres' }, log, 'quickticket-restore')
  try {
    const restored = await restoreToScratch(config, admin, file, 'restored')
    try {
      await swap(admin, { current, kept, restored })
    } catch (error) {
      await admin.query('ROLLBACK')
      await admin.query(`ALTER DATABASE ${pg.escapeIdentifier(current)} ALLOW_CONNECTIONS true`)
      await dropDatabase(admin, restored)
      throw error
    }
    return kept
  } finally {
    await admin.end()
  }
}

interface Names {
  current: string
  kept: string
  restored: string
}

async function swap(admin: pg.Client, names: Names): Promise<void> {
  const quote = pg.escapeIdentifier
  const [current, kept, restored] = [quote(names.current), quote(names.kept), quote(names.restored)]
  // no client may reconnect between the end of the last connection and the rename
  await admin.query(`ALTER DATABASE ${current} ALLOW_CONNECTIONS false`)
  await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [
    names.current,
  ])
  await admin.query(
    `BEGIN;
     ALTER DATABASE ${current} RENAME TO ${kept};
     ALTER DATABASE ${restored} RENAME TO ${current};
     COMMIT`,
  )
  await admin.query(`ALTER DATABASE ${kept} ALLOW_CONNECTIONS true`)
}

/** A dump has no statistics: without them the first queries are planned blindly. */
async function finish(config: BackupConfig, log: Log): Promise<Record<string, number>> {
  const client = await connect(config, log, 'quickticket-restore')
  try {
    await client.query('ANALYZE')
    const rows: Record<string, number> = {}
    for (const name of await tableNames(client)) {
      const counted = await client.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM public.${pg.escapeIdentifier(name)}`,
      )
      rows[name] = counted.rows[0]?.count ?? 0
    }
    return rows
  } finally {
    await client.end()
  }
}
