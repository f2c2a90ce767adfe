import { audit } from '@quickticket/events/audit/audit'
import type { Log } from '@quickticket/kit/log'
import { connect, connectionOptions } from '@quickticket/migrations/connect'
import pg from 'pg'
import { checkArchive } from './archive.ts'
import { BackupError } from './backup-error.ts'
import type { BackupConfig } from './config.ts'
import { differences, readContents } from './contents.ts'
import { rowsOf, sha256 } from './create.ts'
import { withDatabaseLock } from './database-lock.ts'
import { type Manifest, readManifest } from './directory.ts'
import { dropAbandoned, dropDatabase, restoreToScratch } from './scratch-database.ts'

export interface Verified {
  rows: Record<string, number>
  /** false: another program made the dump, and there is nothing to compare it with */
  compared: boolean
  takenAt: Date | undefined
  durationMs: number
}

/** in the names of scratch databases */
const PURPOSE = 'verify'

/**
 * Restores a dump into a scratch database, compares every table with what it was when it was dumped, and runs the auditor
 * on it.
 *
 * @throws {BackupError} that says what is wrong with the dump
 */
export async function verifyBackup(config: BackupConfig, log: Log, file: string): Promise<Verified> {
  const startedAt = performance.now()
  const manifest = await readManifest(file)
  await checkArchive(config, file)
  if (manifest && (await sha256(file)) !== manifest.sha256)
    throw new BackupError(`${file} is not what was written: its checksum is another one`)

  const admin = await connect(config, log, 'quickticket-verify')
  try {
    return await withDatabaseLock(admin, log, 'verification', async () => {
      await dropAbandoned(config, admin, PURPOSE)
      const rows = await restoreAndCompare(config, log, admin, { file, manifest })
      return {
        rows,
        compared: manifest !== undefined,
        takenAt: manifest && new Date(manifest.takenAt),
        durationMs: Math.round(performance.now() - startedAt),
      }
    })
  } finally {
    await admin.end()
  }
}

async function restoreAndCompare(
  config: BackupConfig,
  log: Log,
  admin: pg.Client,
  { file, manifest }: { file: string; manifest: Manifest | undefined },
): Promise<Record<string, number>> {
  const scratch = await restoreToScratch(config, admin, file, PURPOSE)
  try {
    const pool = poolOf(config, scratch)
    const contents = await contentsOf(config, log, scratch)
    const wrong = [
      ...(manifest ? differences(manifest, contents) : []),
      ...(await auditRestored(pool).finally(() => pool.end())),
    ]
    if (wrong.length > 0) throw new BackupError(`${file} was restored, but ${wrong.join('; ')}`)
    return rowsOf(contents)
  } finally {
    await dropDatabase(admin, scratch)
  }
}

async function contentsOf(config: BackupConfig, log: Log, database: string) {
  const client = await connect({ ...config, DB_NAME: database }, log, 'quickticket-verify')
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    return await readContents(client)
  } finally {
    await client.end()
  }
}

/** A checkout that was under way when the dump was taken is not stuck: time stands still in a dump. */
async function auditRestored(pool: pg.Pool): Promise<string[]> {
  const found = await audit({ postgres: pool })
  return found
    .filter(({ kind }) => kind !== 'stuck_checkout')
    .map(({ kind, subject, detail }) => `${kind}: ${subject}, ${detail}`)
}

function poolOf(config: BackupConfig, database: string): pg.Pool {
  const pool = new pg.Pool({
    ...connectionOptions({ ...config, DB_NAME: database }, 'quickticket-verify'),
    max: 1,
  })
  // the next query fails with the reason; without a listener the process would end first
  pool.on('error', () => undefined)
  return pool
}
