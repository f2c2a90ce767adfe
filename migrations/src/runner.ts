import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Log } from '@quickticket/kit/log'
import { PG_MIGRATE_LOCK_ID, type RunnerOption, runner } from 'node-pg-migrate'
import type pg from 'pg'

const CHANGES = fileURLToPath(new URL('../changes', import.meta.url))
const SEED = new URL('../seed.sql', import.meta.url)

/** Applies every change that the database does not have yet, and returns their names. */
export async function migrateUp(client: pg.Client, log: Log): Promise<string[]> {
  return alone(client, log, async () => names(await runner({ ...options(client, log), direction: 'up' })))
}

/** Takes the last `count` changes back, and returns their names. */
export async function migrateDown(client: pg.Client, log: Log, count = 1): Promise<string[]> {
  return alone(client, log, async () =>
    names(await runner({ ...options(client, log), direction: 'down', count })),
  )
}

/** Adds the course's events where they are missing. */
export async function seed(client: pg.Client): Promise<void> {
  await client.query(await readFile(SEED, 'utf8'))
}

/**
 * One runner at a time does something. The others ask again and again instead of waiting in PostgreSQL: CREATE INDEX
 * CONCURRENTLY waits for every statement that is under way, theirs included.
 */
async function alone<Result>(client: pg.Client, log: Log, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; !(await tryLock(client)); attempt++) {
    if (attempt === 1) log.info('another migration is running, waiting for it')
    await delay(LOCK_INTERVAL_MS)
  }
  try {
    return await work()
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [PG_MIGRATE_LOCK_ID])
  }
}

const LOCK_INTERVAL_MS = 200

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
    PG_MIGRATE_LOCK_ID,
  ])
  return rows[0]?.locked === true
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
    noLock: true,
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
