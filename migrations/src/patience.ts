import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'

/**
 * How long a change may wait for its lock. While it waits, everybody who comes after it waits as well: that is the longest
 * stall that a change may cause before it has started.
 */
export interface Patience {
  lockTimeoutMs: number
  /** how often it tries before it gives up */
  attempts: number
}

export const PATIENCE: Patience = { lockTimeoutMs: 100, attempts: 60 }

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 2000

/** The lock was in use each time. */
export class LockTimeout extends Error {
  constructor(what: string, { attempts, lockTimeoutMs }: Patience, cause: unknown) {
    super(
      `${what}: ${attempts} times the lock was not to be had within ${lockTimeoutMs} ms; nothing was changed. ` +
        'Look for long transactions in pg_stat_activity, and run it again',
      { cause },
    )
  }
}

/** Does something that needs locks, again and again, and lets traffic through in between. @throws {LockTimeout} */
export async function patiently(
  client: pg.Client,
  log: Log,
  what: string,
  patience: Patience,
  work: () => Promise<unknown>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await client.query(`SET lock_timeout = ${patience.lockTimeoutMs}`)
    try {
      await work()
      await client.query('RESET lock_timeout')
      return
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error
      if (attempt === patience.attempts) throw new LockTimeout(what, patience, error)
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2)
      log.info({ attempt }, `${what} gave up waiting for its lock, and tries again`)
      await delay(waitMs)
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03'
