/** Retries that may be made on top of the share, so that a service with little traffic can be retried at all. */
const RESERVE = 20

/** How many more calls may be retried. */
export interface RetryBudget {
  /** a call is made for the first time */
  deposit(): void
  /** whether one more retry may be made; if so it is counted */
  withdraw(): boolean
}

/**
 * Retries are at most `percent` of the calls, and a small reserve: when everything fails, retries can not multiply the
 * load that made it fail. A token bucket that each call fills a little and each retry empties by one.
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
