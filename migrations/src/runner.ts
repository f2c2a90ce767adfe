import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Log } from '@quickticket/kit/log'
import { type RunnerOption, runner } from 'node-pg-migrate'
import type pg from 'pg'

const CHANGES = fileURLToPath(new URL('../changes', import.meta.url))
const SEED = new URL('../seed.sql', import.meta.url)

/** Applies every change that the database does not have yet, and returns their names. */
export async function migrateUp(client: pg.Client, log: Log): Promise<string[]> {
  return names(await runner({ ...options(client, log), direction: 'up' }))
}

/** Takes the last `count` changes back, and returns their names. */
export async function migrateDown(client: pg.Client, log: Log, count = 1): Promise<string[]> {
  return names(await runner({ ...options(client, log), direction: 'down', count }))
}

/** Adds the course's events where they are missing. */
export async function seed(client: pg.Client): Promise<void> {
  await client.query(await readFile(SEED, 'utf8'))
}

function options(
  client: pg.Client,
  log: Log,
): Omit<RunnerOption, 'direction' | 'databaseUrl'> & { dbClient: pg.Client } {
  const quiet = () => undefined
  return {
    dbClient: client,
    dir: CHANGES,
    migrationsTable: 'schema_migrations',
    checkOrder: true,
    logger: {
      debug: quiet,
      info: quiet,
      warn: (message) => log.warn(message),
      error: (message) => log.error(message),
    },
  }
}

function names(migrations: { name: string }[]): string[] {
  return migrations.map(({ name }) => name)
}
