import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'

const LOCK_INTERVAL_MS = 200
const CONNECTION_CHECK_INTERVAL_MS = 5000

/**
 * Of a database there is one backup and one verification at a time. The one that holds the lock knows that what an earlier one has not
 * finished was abandoned: its lock went with its connection, however it ended.
 */
export async function oneAtATime<Result>(
  client: pg.Client,
  log: Log,
  what: 'backup' | 'verification',
  work: () => Promise<Result>,
): Promise<Result> {
  // a server that waits for the lock of a table would not notice that the process was killed, and would keep this one
  await client.query(`SET client_connection_check_interval = ${CONNECTION_CHECK_INTERVAL_MS}`)
  const lock = `quickticket ${what}`
  for (let attempt = 1; !(await tryLock(client, lock)); attempt++) {
    if (attempt === 1) log.info(`another ${what} is running, waiting for it`)
    await delay(LOCK_INTERVAL_MS)
  }
  try {
    return await work()
  } finally {
    // a connection that broke has let go already
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
