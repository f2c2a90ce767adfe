import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate'
import type pg from 'pg'

const LOCK_INTERVAL_MS = 200

/**
 * Only one runner at a time works. The others poll the advisory lock instead of blocking in PostgreSQL: CREATE INDEX
 * CONCURRENTLY waits for every running statement, a blocked pg_advisory_lock() included.
 */
export async function withMigrationLock<Result>(
  client: pg.Client,
  log: Log,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; !(await tryLock(client)); attempt++) {
    if (attempt === 1) log.info('another migration is running, waiting for it')
    await delay(LOCK_INTERVAL_MS)
  }
  try {
    return await work()
  } finally {
    // a broken connection has released the lock already, and its error must not hide the one that broke it
    await client.query('SELECT pg_advisory_unlock($1)', [PG_MIGRATE_LOCK_ID]).catch(() => undefined)
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
    PG_MIGRATE_LOCK_ID,
  ])
  return rows[0]?.locked === true
}
