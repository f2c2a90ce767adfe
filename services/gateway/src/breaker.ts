import type { Log } from '@quickticket/kit/log'
import CircuitBreaker from 'opossum'
import type { GatewayMetrics } from './metrics.ts'
import type { SharedCircuit } from './shared-circuit.ts'

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

/** The call was not made, because recent ones failed. */
export class CircuitOpenError extends Error {
  override name = 'CircuitOpenError'
}

export interface BreakerOptions {
  /** consecutive failures that open the circuit; 0: it never opens */
  failureThreshold: number
  cooldownMs: number
  /** whether an error says that the other side is not well; any other one counts neither way */
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
 * Stops calling a service that fails: CLOSED until `failureThreshold` failures in a row, then OPEN; after the cooldown
 * HALF_OPEN, in which one call is let through that closes or opens it again.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { failureThreshold, cooldownMs, isFailure, transitions, log, shared } = options
  if (failureThreshold === 0) return { state: () => 'CLOSED', run: (call) => call(), close() {} }
  let failuresInARow = 0
  let breaker = build({ closed: true, halfOpen: false })

  function build(state: { closed: boolean; halfOpen: boolean }) {
    const built = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
      state,
      timeout: false,
      resetTimeout: cooldownMs,
      // opossum opens by percentage; ours is by consecutive failures, below
      errorThresholdPercentage: 100,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      rollingPercentilesEnabled: false,
    } as CircuitBreaker.Options)
    built.on('success', () => {
      failuresInARow = 0
      shared?.succeeded()
    })
    built.on('failure', () => {
      failuresInARow++
      if (failuresInARow >= failureThreshold) open()
      else void askOthers()
    })
    built.on('open', () => changed('OPEN'))
    built.on('halfOpen', () => changed('HALF_OPEN'))
    built.on('close', () => changed('CLOSED'))
    return built
  }

  /** One failure here may be the last of many elsewhere. */
  async function askOthers(): Promise<void> {
    if (((await shared?.failed()) ?? 0) >= failureThreshold) open()
  }

  function open(): void {
    if (breaker.closed) breaker.open()
  }

  function changed(to: CircuitState): void {
    if (to === 'CLOSED') failuresInARow = 0
    transitions.inc({ to })
    log.warn({ circuit: 'payments', to }, 'circuit transition')
    if (to !== 'HALF_OPEN') shared?.announce(to)
  }

  /** The probe said nothing about the service: the next call is the probe. */
  function probeAgain(): void {
    const spent = breaker
    breaker = build({ closed: false, halfOpen: true })
    spent.removeAllListeners()
    spent.shutdown()
  }

  shared?.onAnnounced((to) => {
    if (to === 'OPEN') open()
    else if (!breaker.closed) breaker.close()
  })

  return {
    state() {
      if (breaker.opened) return 'OPEN'
      return breaker.halfOpen ? 'HALF_OPEN' : 'CLOSED'
    },
    run: (call) =>
      new Promise((resolve, reject) => {
        const attempt = async () => {
          const probed = breaker.halfOpen ? breaker : undefined
          try {
            return await call()
          } catch (error) {
            if (isFailure(error)) throw error
            // opossum knows success and failure only: of this it never hears
            reject(error)
            if (probed === breaker && probed.halfOpen) probeAgain()
            return new Promise<never>(() => undefined)
          }
        }
        breaker.fire(attempt).then(
          (value) => resolve(value as Awaited<ReturnType<typeof call>>),
          (error: Error) => reject(CircuitBreaker.isOurError(error) ? asOpen(error) : error),
        )
      }),
    close() {
      breaker.shutdown()
      shared?.close()
    },
  }
}

function asOpen(cause: Error): CircuitOpenError {
  return new CircuitOpenError('circuit open', { cause })
}
