import type { Log } from '@quickticket/kit/log'
import CircuitBreaker from 'opossum'
import type { GatewayMetrics } from './metrics.ts'

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

/** The call was not made, because recent ones failed. */
export class CircuitOpenError extends Error {
  override name = 'CircuitOpenError'
}

export interface BreakerOptions {
  /** consecutive failures that open the circuit; 0: it never opens */
  failureThreshold: number
  cooldownMs: number
  /** whether an error says that the other side is not well */
  isFailure(error: unknown): boolean
  transitions: GatewayMetrics['circuitTransitions']
  log: Log
}

/**
 * Stops calling a service that fails: CLOSED until `failureThreshold` failures in a row, then OPEN; after the cooldown
 * HALF_OPEN, in which one call is let through that closes or opens it again.
 */
export type Breaker = ReturnType<typeof createBreaker>

export function createBreaker({ failureThreshold, cooldownMs, isFailure, transitions, log }: BreakerOptions) {
  const breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    timeout: false,
    resetTimeout: cooldownMs,
    errorThresholdPercentage: 100,
    // opossum opens by percentage; ours is by consecutive failures, below
    volumeThreshold: Number.MAX_SAFE_INTEGER,
    errorFilter: (error) => !isFailure(error),
    rollingPercentilesEnabled: false,
  })
  let failuresInARow = 0

  breaker.on('success', () => {
    failuresInARow = 0
  })
  breaker.on('failure', () => {
    failuresInARow++
    if (failureThreshold > 0 && failuresInARow >= failureThreshold && breaker.closed) breaker.open()
  })
  breaker.on('open', () => changed('OPEN'))
  breaker.on('halfOpen', () => changed('HALF_OPEN'))
  breaker.on('close', () => changed('CLOSED'))

  function changed(to: CircuitState): void {
    if (to === 'CLOSED') failuresInARow = 0
    transitions.inc({ to })
    log.warn({ circuit: 'payments', to }, 'circuit transition')
  }

  return {
    state(): CircuitState {
      if (breaker.opened) return 'OPEN'
      return breaker.halfOpen ? 'HALF_OPEN' : 'CLOSED'
    },
    /** @throws {CircuitOpenError} when the call was not made */
    async run<T>(call: () => Promise<T>): Promise<T> {
      try {
        return (await breaker.fire(call)) as T
      } catch (error) {
        if (CircuitBreaker.isOurError(error as Error))
          throw new CircuitOpenError('circuit open', { cause: error })
        throw error
      }
    },
    close: () => breaker.shutdown(),
  }
}
