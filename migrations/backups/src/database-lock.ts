import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'

const LOCK_INTERVAL_MS = 200
const CONNECTION_CHECK_INTERVAL_MS = 5000

/**
 * Allows one backup and one verification of a database at a time. The holder of the lock may remove unfinished files of earlier runs:
 * their locks were released with their connections, however they ended.
 */
export async function withDatabaseLock<Result>(
  client: pg.Client,
  log: Log,
  what: 'backup' | 'verification',
  work: () => Promise<Result>,
): Promise<Result> {
  // a server process that waits for a table lock would not notice that the client is gone, and would keep the advisory lock
  await client.query(`SET client_connection_check_interval = ${CONNECTION_CHECK_INTERVAL_MS}`)
  const lock = `quickticket ${what}`
  for (let attempt = 1; !(await tryLock(client, lock)); attempt++) {
    if (attempt === 1) log.info(`another ${what} is running, waiting for it`)
    await delay(LOCK_INTERVAL_MS)
  }
  try {
    return await work()
  } finally {
    // a broken connection has released the lock already
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lock]).catch(() => undefined)
  }
}

async function tryLock(client: pg.Client, lock: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [lock],
  )
  return rows[0]?.locked === true
}
