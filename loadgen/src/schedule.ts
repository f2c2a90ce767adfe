import { setTimeout as delay } from 'node:timers/promises'

export interface Schedule {
  rps: number
  seconds: number
  /** ends it early */
  signal: AbortSignal
}

/**
 * Yields once per arrival, evenly. The n-th is due n/rps seconds after the start, whatever became of those before: a slow
 * system does not slow its buyers down, and late arrivals are made up for.
 */
export async function* arrivals({ rps, seconds, signal }: Schedule): AsyncGenerator<void> {
  const startedAt = performance.now()
  for (let arrived = 0; arrived < rps * seconds; arrived += 1) {
    await until(startedAt + (arrived * 1000) / rps, signal)
    if (signal.aborted) return
    yield
  }
  await until(startedAt + seconds * 1000, signal)
}

/** Yields the seconds that have passed, every so often, and also at the very end if that is due. */
export async function* elapsed(everyS: number, { seconds, signal }: Schedule): AsyncGenerator<number> {
  const startedAt = performance.now()
  for (let passedS = everyS; passedS <= seconds; passedS += everyS) {
    await until(startedAt + passedS * 1000, signal)
    if (signal.aborted) return
    yield passedS
  }
}

/** Waits until `performance.now()` has come to a time, or the signal. */
async function until(timeMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = timeMs - performance.now()
  // rounded up: a timer cuts fractions off and would be early
  if (leftMs > 0) await delay(Math.ceil(leftMs), undefined, { signal }).catch(() => undefined)
}
