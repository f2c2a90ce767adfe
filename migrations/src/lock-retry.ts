import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'

/**
 * How long a change may wait for its lock. While it waits, all later statements on the table queue behind it: this is the
 * longest stall that a change may cause before it has started.
 */
export interface LockRetry {
  lockTimeoutMs: number
  /** how often it tries before it gives up */
  attempts: number
}

export const LOCK_RETRY: LockRetry = { lockTimeoutMs: 100, attempts: 60 }

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 2000

/** The lock was in use each time. */
export class LockTimeout extends Error {
  constructor(what: string, { attempts, lockTimeoutMs }: LockRetry, cause: unknown) {
    super(
      `${what}: ${attempts} times the lock was not to be had within ${lockTimeoutMs} ms; nothing was changed. ` +
        'Look for long transactions in pg_stat_activity, and run it again',
      { cause },
    )
  }
}

/** Runs work that needs locks; after a lock timeout, lets traffic through and tries again. @throws {LockTimeout} */
export async function withLockRetry(
  client: pg.Client,
  log: Log,
  what: string,
  lockRetry: LockRetry,
  work: () => Promise<unknown>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await client.query(`SET lock_timeout = ${lockRetry.lockTimeoutMs}`)
    try {
      await work()
      await client.query('RESET lock_timeout')
      return
    } catch (error) {
      // a broken connection has nothing to roll back, and `error` says why it broke
      await client.query('ROLLBACK').catch(() => undefined)
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error
      if (attempt === lockRetry.attempts) throw new LockTimeout(what, lockRetry, error)
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2)
      log.info({ attempt }, `${what} gave up waiting for its lock, and tries again`)
      await delay(waitMs)
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03'
