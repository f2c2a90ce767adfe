import type { Log } from './log.ts'

export interface RetryQueue {
  add(id: string): void
  /** Tries the remaining ids once more, and stops. */
  close(): Promise<void>
}

export interface RetryQueueOptions {
  /** must be idempotent; rejects unless it was done for all ids */
  work(ids: string[]): Promise<void>
  /** in milliseconds; after this time an id is dropped with a warning in the log */
  giveUpAfterMs: number
  /** of the work, for the log */
  name: string
  log: Log
}

const BATCH = 100
/** When there are more, the oldest one is dropped. */
const MAX_IDS = 10_000
const FIRST_PAUSE_MS = 100
/** Failed work is tried again within a second. */
const LONGEST_PAUSE_MS = 800

/**
 * Does the work for each id in the background and retries it until it succeeds. The ids are in memory only: they are lost
 * with the process.
 */
export function createRetryQueue({ work, giveUpAfterMs, name, log }: RetryQueueOptions): RetryQueue {
  const left = new Map<string, number>()
  let round: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let pauseMs = FIRST_PAUSE_MS
  let isClosed = false

  function add(id: string): void {
    left.set(id, performance.now() + giveUpAfterMs)
    if (left.size > MAX_IDS) giveUp(left.keys().next().value as string)
    if (!timer) begin()
  }

  function begin(): void {
    round ??= run().finally(() => {
      round = undefined
      if (left.size > 0 && !isClosed) timer = setTimeout(next, pauseMs)
    })
  }

  function next(): void {
    timer = undefined
    begin()
  }

  async function run(): Promise<void> {
    while (left.size > 0) {
      const ids = [...left.keys()].slice(0, BATCH)
      try {
        await work(ids)
        for (const id of ids) left.delete(id)
        pauseMs = FIRST_PAUSE_MS
      } catch (error) {
        log.debug({ err: error, left: left.size }, `${name}: will be tried again`)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
        const now = performance.now()
        for (const [id, until] of left) if (until < now) giveUp(id)
        return
      }
    }
  }

  function giveUp(id: string): void {
    left.delete(id)
    log.warn({ id }, `${name}: given up`)
  }

  return {
    add,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await round
      await run()
    },
  }
}
