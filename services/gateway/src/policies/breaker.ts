import type { Log } from '@quickticket/kit/log'
import { addEvent } from '@quickticket/kit/tracing/current'
import CircuitBreaker from 'opossum'
import type { GatewayMetrics } from '../metrics.ts'
import type { SharedCircuit } from './shared-circuit.ts'

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

/** The call was not made, because recent calls failed. */
export class CircuitOpenError extends Error {
  override name = 'CircuitOpenError'
}

export interface BreakerOptions {
  /** consecutive failures that open the circuit; 0: it never opens */
  failureThreshold: number
  cooldownMs: number
  /** whether an error means that the other side is unhealthy; any other error shows that it answers, like a success */
  isFailure(error: unknown): boolean
  transitions: GatewayMetrics['circuitTransitions']
  log: Log
  /** what other replicas see of the same service */
  shared?: SharedCircuit | undefined
}

export interface Breaker {
  state(): CircuitState
  /** @throws {CircuitOpenError} when the call was not made */
  run<T>(call: () => Promise<T>): Promise<T>
  close(): void
}

/**
 * Stops calling a service that fails: CLOSED until `failureThreshold` consecutive failures, then OPEN; after the cooldown
 * HALF_OPEN, in which one call is let through that closes or opens it again.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { failureThreshold, cooldownMs, isFailure, transitions, log, shared } = options
  if (failureThreshold === 0) return { state: () => 'CLOSED', run: (call) => call(), close() {} }
  let consecutiveFailures = 0

  const breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    timeout: false,
    resetTimeout: cooldownMs,
    errorFilter: (error) => !isFailure(error),
    // opossum opens at a share of failures, which this volume turns off; `failure` below counts consecutive ones
    volumeThreshold: Number.MAX_SAFE_INTEGER,
    rollingPercentilesEnabled: false,
  })
  breaker.on('success', () => {
    consecutiveFailures = 0
    shared?.succeeded()
  })
  breaker.on('failure', () => {
    consecutiveFailures++
    if (consecutiveFailures >= failureThreshold) open()
    else void openWithOthers()
  })
  breaker.on('open', () => changed('OPEN'))
  breaker.on('halfOpen', () => changed('HALF_OPEN'))
  breaker.on('close', () => changed('CLOSED'))
  shared?.onAnnounced((to) => {
    if (to === 'OPEN') open()
    else breaker.close()
  })

  /** This failure may complete a row that began on other replicas. */
  async function openWithOthers(): Promise<void> {
    if (((await shared?.failed()) ?? 0) >= failureThreshold) open()
  }

  /** Only from CLOSED: opossum itself opens the circuit after a failed probe. */
  function open(): void {
    if (breaker.closed) breaker.open()
  }

  function changed(to: CircuitState): void {
    if (to === 'CLOSED') consecutiveFailures = 0
    transitions.inc({ to })
    addEvent('circuit.transition', { circuit: 'payments', to })
    log.warn({ circuit: 'payments', to }, 'circuit transition')
    if (to !== 'HALF_OPEN') shared?.announce(to)
  }

  return {
    state() {
      if (breaker.opened) return 'OPEN'
      return breaker.halfOpen ? 'HALF_OPEN' : 'CLOSED'
    },
    async run<T>(call: () => Promise<T>) {
      try {
        return (await breaker.fire(call)) as T
      } catch (error) {
        if (!(error instanceof Error && CircuitBreaker.isOurError(error))) throw error
        addEvent('circuit.refused', { circuit: 'payments' })
        throw new CircuitOpenError('circuit open', { cause: error })
      }
    },
    close() {
      breaker.shutdown()
      shared?.close()
    },
  }
}
