/** Retries on top of the share, so that a service with little traffic can be retried at all. */
const RESERVE = 20

/** Limits retries to a share of the calls. */
export interface RetryBudget {
  /** Counts the first attempt of a call. */
  deposit(): void
  /** Whether one more retry is allowed; if so, counts it. */
  withdraw(): boolean
}

/**
 * Allows retries of at most `percent` of the calls, and a small reserve: when everything fails, retries cannot multiply the
 * load that caused the failure. A token bucket: each call adds a fraction of a token, each retry takes one.
 *
 * @see https://sre.google/sre-book/addressing-cascading-failures/ (retry budgets)
 */
export function createRetryBudget(percent: number): RetryBudget {
  let tokens = RESERVE
  return {
    deposit() {
      tokens = Math.min(tokens + percent / 100, RESERVE)
    },
    withdraw() {
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
