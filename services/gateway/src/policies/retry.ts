import { setTimeout as delay } from 'node:timers/promises'
import { addEvent } from '@quickticket/kit/tracing/current'
import pRetry from 'p-retry'
import type { GatewayMetrics } from '../metrics.ts'
import type { RetryBudget } from './retry-budget.ts'

export interface RetryOptions {
  /** attempts in all; 1: no retry */
  attempts: number
  baseDelayMs: number
  /** for all attempts together */
  deadlineMs: number
  /** whether the same call could succeed in another attempt */
  isRetryable(error: unknown): boolean
  /** how long the other side asks us to wait, in milliseconds */
  retryAfterMs?(error: unknown): number | undefined
  /** undefined: only `attempts` limits the retries */
  budget?: RetryBudget | undefined
  target: string
  retries: GatewayMetrics['retries']
}

/**
 * Repeats `call` after transient failures, each time after a longer wait, until the attempts, the deadline or the budget
 * are used up.
 *
 * @param waitedMs time that the deadline has lost already
 */
export type Retry = <T>(call: (remainingMs: number) => Promise<T>, waitedMs?: number) => Promise<T>

export function createRetry(options: RetryOptions): Retry {
  const { attempts, baseDelayMs, deadlineMs, isRetryable, retryAfterMs, budget, target, retries } = options
  const count = (result: string) => {
    if (attempts > 1) retries.inc({ target, result })
  }

  return async (call, waitedMs = 0) => {
    const endsAt = performance.now() + deadlineMs - waitedMs
    const remainingMs = () => Math.ceil(endsAt - performance.now())
    let retried = 0
    budget?.deposit()

    const result = await pRetry(() => call(Math.max(remainingMs(), 1)), {
      retries: attempts - 1,
      minTimeout: 0,
      async onFailedAttempt({ error, retriesLeft }) {
        if (!isRetryable(error)) return count('non_retryable')
        const waitMs = Math.max(retryDelayMs(retried, baseDelayMs), retryAfterMs?.(error) ?? 0)
        if (retriesLeft === 0 || waitMs >= remainingMs() || budget?.withdraw() === false) {
          count('exhausted')
          throw error
        }
        retried++
        count('retried')
        addEvent('retry.scheduled', { attempt: retried + 1, delay_ms: Math.round(waitMs) })
        await delay(waitMs)
      },
      shouldRetry: ({ error }) => isRetryable(error),
    })
    if (retried > 0) count('succeeded_after_retry')
    return result
  }
}

/**
 * Exponential backoff with additive jitter: base·2^attempt + uniform(0, base), in milliseconds. The jitter keeps
 * clients that failed together from retrying together.
 *
 * @param attempt 0 after the first failure
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(attempt: number, baseMs: number, random: () => number = Math.random): number {
  return baseMs * 2 ** attempt + random() * baseMs
}
