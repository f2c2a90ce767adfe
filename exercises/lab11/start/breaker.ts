/**
 * Lab 11, 5: a circuit breaker.
 *
 * To do:
 * - CLOSED: calls are made. `failureThreshold` failures in a row open the circuit; a success resets the count. An error for which
 *   `isFailure` says no is thrown like any other, and is not counted as a failure: the other side did answer.
 * - OPEN: calls are not made, they fail at once with CircuitOpenError.
 * - When `cooldownMs` are over, one call is made as a probe (HALF_OPEN), while all others still fail at once. If the probe
 *   succeeds, the circuit closes and counts from zero. If it fails, the circuit is open for another `cooldownMs`. If it ends with
 *   an error for which `isFailure` says no, the circuit may close, or the next call is the probe: it must not stay blocked.
 * - The end of a call that began before the circuit opened changes nothing.
 * - Each change is counted in `transitions` with the label `to`, and logged as the warning `circuit transition` with the field `to`.
 * - A threshold of 0 turns the breaker off.
 */
import type { Breaker, BreakerOptions } from '@quickticket/exercises/lab11/shapes'

/** The call was not made, because recent ones failed. */
export class CircuitOpenError extends Error {
  override name = 'CircuitOpenError'
}

export function createBreaker(_options: BreakerOptions): Breaker {
  return {
    state: () => 'CLOSED',
    // TODO
    run: (call) => call(),
    close() {},
  }
}
