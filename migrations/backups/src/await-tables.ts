import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'
import { NEEDED } from './archive.ts'
import { tableNames } from './contents.ts'

/** In milliseconds. */
export interface TableWaiting {
  waitMs: number
  /** between two looks */
  pauseMs: number
}

const WAITING: TableWaiting = { waitMs: 30_000, pauseMs: 500 }

/**
 * Waits half a minute for the migrations of a database that is still empty, and returns in any case: what is still empty then is
 * refused as a dump. Where only one of the tables is missing it was lost, and waiting does not bring it back.
 */
export async function awaitTables(
  client: pg.Client,
  log: Log,
  waiting: Partial<TableWaiting> = {},
): Promise<void> {
  const { waitMs, pauseMs } = { ...WAITING, ...waiting }
  const deadline = performance.now() + waitMs
  for (let look = 1; await isEmpty(client); look++) {
    if (performance.now() + pauseMs >= deadline) return
    if (look === 1) log.info(`the database is still empty, waiting for the tables ${NEEDED.join(' and ')}`)
    await delay(pauseMs)
  }
}

async function isEmpty(client: pg.Client): Promise<boolean> {
  const names = await tableNames(client)
  return !NEEDED.some((table) => names.includes(table))
}
