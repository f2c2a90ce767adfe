import { Gauge, type Registry } from './prometheus.ts'

/** How far another clock is from ours, by the times in its answers. All times are Unix ms. */
export interface ClockDifference {
  /** An answer with this header `Date` came to what was sent at `sentAt`. */
  saw(date: string | undefined, sentAt: number, receivedAt: number): void
  /** The other clock said `time` between these moments of ours. */
  sawTime(time: number, sentAt: number, receivedAt: number): void
  /** Seconds that the other clock is ahead of ours, at least; negative: behind. undefined: no answer came of late. */
  seconds(): number | undefined
}

/** A `Date` has no fraction of a second. */
const DATE_RESOLUTION_MS = 1000
/** Ours has a fraction of a millisecond, which Unix ms do not have. */
const TIME_RESOLUTION_MS = 1
const FORGET_AFTER_MS = 60_000
const UNKNOWN_AFTER_MS = 300_000

/**
 * An answer was written after its request was sent and before it was received, so each one says between which two values the
 * difference lies; many of them, at different fractions of a second, say it to some milliseconds. What is reported is the least
 * that all of them allow: slow answers make it less exact, and never larger than it is.
 *
 * @see F. Cristian, Probabilistic clock synchronization, 1989
 */
export function createClockDifference(now: () => number = Date.now): ClockDifference {
  let least = 0
  let most = 0
  let knownSince = Number.NEGATIVE_INFINITY
  let lastSeen = Number.NEGATIVE_INFINITY

  return {
    saw(date, sentAt, receivedAt) {
      const written = Date.parse(date ?? '')
      if (!Number.isNaN(written)) narrow(written, DATE_RESOLUTION_MS, sentAt, receivedAt)
    },
    sawTime(time, sentAt, receivedAt) {
      narrow(time, TIME_RESOLUTION_MS, sentAt, receivedAt)
    },
    seconds() {
      if (Math.abs(now() - lastSeen) > UNKNOWN_AFTER_MS) return undefined
      if (least > 0) return least / 1000
      return most < 0 ? most / 1000 : 0
    },
  }

  function narrow(written: number, resolutionMs: number, sentAt: number, receivedAt: number): void {
    const newLeast = written - receivedAt
    const newMost = written + resolutionMs - sentAt
    lastSeen = receivedAt
    const isOutdated = Math.abs(receivedAt - knownSince) > FORGET_AFTER_MS
    // they contradict each other when a clock was set
    const isContradicted = newLeast > most || newMost < least
    if (isOutdated || isContradicted) {
      least = newLeast
      most = newMost
      knownSince = receivedAt
    } else {
      least = Math.max(least, newLeast)
      most = Math.min(most, newMost)
    }
  }
}

/** One series for each clock that was heard of late. */
export function exportClockDifferences(
  service: string,
  registry: Registry,
  others: Record<string, { clockDifferenceS(): number | undefined }>,
): void {
  new Gauge({
    name: `${service}_clock_difference_seconds`,
    help: `Seconds that the clock of another is ahead of the one of ${service}, at least; negative: behind`,
    labelNames: ['target'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [target, { clockDifferenceS }] of Object.entries(others)) {
        const seconds = clockDifferenceS()
        if (seconds !== undefined) this.set({ target }, seconds)
      }
    },
  })
}
