import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { restoreArchive } from './archive.ts'
import type { BackupConfig } from './config.ts'

const ID_LENGTH = 8

/** Restores a dump into a new database beside the one of the variables, and returns its name. */
export async function restoreToScratch(
  config: BackupConfig,
  admin: pg.Client,
  file: string,
  purpose: string,
): Promise<string> {
  const name = `${prefixOf(config, purpose)}${randomBytes(ID_LENGTH / 2).toString('hex')}`
  await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0`)
  try {
    await restoreArchive(config, file, name)
    return name
  } catch (error) {
    await dropDatabase(admin, name)
    throw error
  }
}

/** Drops what killed processes have left. Only while no other one restores for this purpose. */
export async function dropAbandoned(config: BackupConfig, admin: pg.Client, purpose: string): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
     WHERE starts_with(datname, $1) AND substr(datname, length($1) + 1) ~ '^[0-9a-f]{${ID_LENGTH}}$'`,
    [prefixOf(config, purpose)],
  )
  for (const { name } of rows) await dropDatabase(admin, name)
}

export async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
}

/** The name of another database that shows which one it belongs to. PostgreSQL cuts names after 63 bytes. */
export function derivedName(database: string, suffix: string): string {
  return `${database.slice(0, 62 - suffix.length)}_${suffix}`
}

/** What the names of all scratch databases for a purpose begin with; an id follows. */
function prefixOf({ DB_NAME }: BackupConfig, purpose: string): string {
  return derivedName(DB_NAME, `${purpose}_${'0'.repeat(ID_LENGTH)}`).slice(0, -ID_LENGTH)
}
