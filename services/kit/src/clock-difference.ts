import { Gauge, type Registry } from 'prom-client'

/** The difference between another clock and ours, estimated from the times in its answers. All times are Unix ms. */
export interface ClockDifference {
  /** An answer with this header `Date` came to a request that was sent at `sentAt`. */
  observeDate(date: string | undefined, sentAt: number, receivedAt: number): void
  /** The other clock showed `time` between these moments of ours. */
  observeTime(time: number, sentAt: number, receivedAt: number): void
  /** Seconds that the other clock is ahead of ours, at least; negative: behind. undefined: no answer in the last 5 minutes. */
  seconds(): number | undefined
}

/** A `Date` has no fraction of a second. */
const DATE_RESOLUTION_MS = 1000
/** Ours has a fraction of a millisecond, which Unix ms do not have. */
const TIME_RESOLUTION_MS = 1
const FORGET_AFTER_MS = 60_000
const UNKNOWN_AFTER_MS = 300_000

/**
 * An answer was written after its request was sent and before it was received, so each answer gives two bounds of the
 * difference; many answers, at different fractions of a second, narrow them to some milliseconds. The reported value is the
 * smallest one within all bounds: slow answers make it less exact, and never larger than the real difference.
 *
 * @see F. Cristian, Probabilistic clock synchronization, 1989
 */
export function createClockDifference(now: () => number = Date.now): ClockDifference {
  let least = 0
  let most = 0
  let knownSince = Number.NEGATIVE_INFINITY
  let lastSeen = Number.NEGATIVE_INFINITY

  return {
    observeDate(date, sentAt, receivedAt) {
      const written = Date.parse(date ?? '')
      if (!Number.isNaN(written)) narrow(written, DATE_RESOLUTION_MS, sentAt, receivedAt)
    },
    observeTime(time, sentAt, receivedAt) {
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
    // the bounds contradict each other after a clock was set
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

/** One series for each clock with a known difference. */
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
