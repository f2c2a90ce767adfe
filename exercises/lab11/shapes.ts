/** What the exercises of lab 11 pass to each other: given, nothing to do here. */
import type { App } from '@quickticket/kit/app'
import type { Log } from '@quickticket/kit/log'
import type { Trace } from '@quickticket/kit/trace'
import type { Config } from '@quickticket/notifications/config'
import type { Counter } from 'prom-client'

export interface RetryOptions {
  /** in all, so that 1 is no retry */
  attempts: number
  baseDelayMs: number
  /** for all attempts and the waits between them together */
  deadlineMs: number
  /** whether the same call could succeed when made again */
  isRetryable(error: unknown): boolean
  /** for the label `target` */
  target: string
  /** gateway_retry_total{target,result} */
  retries: Counter<'target' | 'result'>
}

/**
 * Makes a call, again where that may help, and tells each attempt how much time is left.
 *
 * @param waitedMs what the deadline has lost before, as in a bulkhead
 */
export type Retry = <T>(call: (remainingMs: number) => Promise<T>, waitedMs?: number) => Promise<T>

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

export interface BreakerOptions {
  /** failures in a row that open the circuit; 0: it never opens */
  failureThreshold: number
  cooldownMs: number
  /** whether an error means that the other side is unhealthy; no other error is counted as a failure */
  isFailure(error: unknown): boolean
  /** gateway_circuit_breaker_transitions_total{to} */
  transitions: Counter<'to'>
  log: Log
}

export interface Breaker {
  state(): CircuitState
  run<T>(call: () => Promise<T>): Promise<T>
  /** Ends its timers, if it has any. */
  close(): void
}

export interface SlidingWindow {
  /** Whether one more fits into the second before `nowMs`; if so it is counted. */
  admit(nowMs: number): boolean
  /** how many more fit, as of the last call of `admit` */
  remaining(): number
}

export interface RateStore {
  admit(path: string): Promise<{ admitted: boolean; remaining: number }>
}

export interface BulkheadOptions {
  /** which calls it is for */
  target: string
  /** calls in flight at most; 0: no limit */
  limit: number
  /** how long a call waits for a place; 0: not at all */
  waitMs: number
  /** called for each call that is rejected */
  onRejected(): void
}

export interface Bulkhead {
  run<T>(call: (waitedMs: number) => Promise<T>): Promise<T>
  /** number of calls in flight: gateway_bulkhead_in_flight{target} */
  inFlight(): number
}

export interface Notifier {
  orderConfirmed(orderId: string, trace: Trace): void
  /** the status of its /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  close(): Promise<void>
}

export interface PayDeps {
  bulkhead: Bulkhead
  breaker: Breaker
  retry: Retry
  notifier: { orderConfirmed(orderId: string): void }
  /** Takes the money, once however often it is called. @returns the payment's reference */
  charge(reservationId: string, remainingMs: number): Promise<string>
  /** Makes the order. @returns the status that events answers, 200 when there is one now */
  confirm(reservationId: string, paymentRef: string): Promise<number>
}

/** Pays one reservation. @returns the status that the buyer gets */
export type Pay = (reservationId: string) => Promise<number>

/** What each file of the exercise exports. */
export interface Subjects {
  notifications: { buildApp(config: Config, version: string, log: Log): Promise<App> }
  notifier: {
    createNotifier(
      baseUrl: string,
      log: Log,
      notifications: Counter<'result'>,
      maxInFlight?: number,
    ): Notifier
  }
  'is-transient': { isTransient(error: unknown): boolean }
  retry: {
    retryDelayMs(attempt: number, baseMs: number, random?: () => number): number
    createRetry(options: RetryOptions): Retry
  }
  breaker: { CircuitOpenError: new () => Error; createBreaker(options: BreakerOptions): Breaker }
  'sliding-window': { createSlidingWindow(limit: number): SlidingWindow }
  'rate-limit': {
    createRateStore(limitRps: number): RateStore
    limitRate(app: App, limitRps: number, rateLimited: Counter<'path'>, store?: RateStore): void
  }
  bulkhead: { BulkheadFullError: new () => Error; createBulkhead(options: BulkheadOptions): Bulkhead }
  pay: { createPay(deps: PayDeps): Pay }
}

export type ExerciseName = keyof Subjects
