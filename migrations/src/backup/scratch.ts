import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { restoreArchive } from './archive.ts'
import type { BackupConfig } from './config.ts'

/** Restores a dump into a new database beside the one of the variables, and returns its name. */
export async function restoreBeside(
  config: BackupConfig,
  admin: pg.Client,
  file: string,
  purpose: string,
): Promise<string> {
  const name = nameBeside(config.DB_NAME, `${purpose}_${randomBytes(4).toString('hex')}`)
  await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0`)
  try {
    await restoreArchive(config, file, name)
    return name
  } catch (error) {
    await dropDatabase(admin, name)
    throw error
  }
}

export async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
}

/** The name of another database that shows which one it belongs to. PostgreSQL cuts names after 63 bytes. */
export function nameBeside(database: string, suffix: string): string {
  return `${database.slice(0, 62 - suffix.length)}_${suffix}`
}
