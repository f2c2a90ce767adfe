import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { dueTimes, type Profile, secondsOf } from './profile.ts'

/** Below this many arrivals a second there is time to wait for each more exactly than a timer does. */
const EXACT_RPS = 100
const TIMER_MS = 1.5
/** Who is behind still has to read what has been answered. */
const IN_A_ROW = 32

/**
 * Yields when each arrival was due (`performance.now()`), when that time has come. The schedule does not look at what
 * became of those before: a slow system does not slow its buyers down, and late arrivals are made up for.
 */
export async function* arrivals(profile: Profile, signal: AbortSignal): AsyncGenerator<number> {
  const startedAt = performance.now()
  let inARow = 0
  let before = Number.NEGATIVE_INFINITY
  for (const dueMs of dueTimes(profile)) {
    const due = startedAt + dueMs
    inARow += 1
    if (performance.now() < due || inARow >= IN_A_ROW) {
      inARow = 0
      await until(due, signal, due - before > 1000 / EXACT_RPS)
    }
    if (signal.aborted) return
    before = due
    yield due
  }
  await until(startedAt + secondsOf(profile) * 1000, signal)
}

/** Yields the seconds that have passed, every so often, and also at the very end if that is due. */
export async function* elapsed(everyS: number, seconds: number, signal: AbortSignal): AsyncGenerator<number> {
  const startedAt = performance.now()
  for (let passedS = everyS; passedS <= seconds; passedS += everyS) {
    await until(startedAt + passedS * 1000, signal)
    if (signal.aborted) return
    yield passedS
  }
}

/** Waits until `performance.now()` has come to a time, or the signal. */
async function until(timeMs: number, signal: AbortSignal, exact = false): Promise<void> {
  const leftMs = timeMs - performance.now() - (exact ? TIMER_MS : 0)
  // rounded up: a timer cuts fractions off and would be early
  if (leftMs > 0) await delay(Math.ceil(leftMs), undefined, { signal }).catch(() => undefined)
  else await turn()
  while (exact && performance.now() < timeMs && !signal.aborted) await turn()
}
