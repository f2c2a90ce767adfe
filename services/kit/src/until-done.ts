import type { Log } from './log.ts'

export interface UntilDone {
  add(id: string): void
  /** Tries once more what is left, and stops. */
  close(): Promise<void>
}

export interface UntilDoneOptions {
  /** what to do for each id; doing it twice must be harmless. Rejects when it was not done for all of them. */
  work(ids: string[]): Promise<void>
  /** after this time in milliseconds an id is given up, and a line of the log says so */
  giveUpAfterMs: number
  /** what is done, for the log */
  name: string
  log: Log
}

const BATCH = 100
/** More are not remembered: the oldest one is given up. */
const MOST_IDS = 10_000
const FIRST_PAUSE_MS = 100
/** What failed is tried again within a second. */
const LONGEST_PAUSE_MS = 800

/** Does something for each id in the background, again and again until it succeeds. It ends with the process. */
export function createUntilDone({ work, giveUpAfterMs, name, log }: UntilDoneOptions): UntilDone {
  const left = new Map<string, number>()
  let round: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let pauseMs = FIRST_PAUSE_MS
  let isClosed = false

  function add(id: string): void {
    left.set(id, performance.now() + giveUpAfterMs)
    if (left.size > MOST_IDS) giveUp(left.keys().next().value as string)
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
