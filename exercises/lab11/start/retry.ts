/**
 * Lab 11, 4: retries with exponential backoff and jitter.
 *
 * To do, `retryDelayMs`: base · 2^attempt + uniform(0, base), where `attempt` is 0 after the first failure.
 *
 * To do, `createRetry`:
 * - An error of the call for which `isRetryable` says yes leads to another attempt after that wait, `attempts` in all.
 * - Any other error is thrown at once.
 * - After the last attempt its own error is thrown, without another wait.
 * - All attempts and waits, and `waitedMs` before them, share `deadlineMs`. Each attempt gets the time that is left. A wait that
 *   would outlast the deadline does not start: the last error is thrown.
 * - `retries` counts, with the labels `target` and `result`: `retried` for each wait, `succeeded_after_retry` for a call that
 *   needed one, `exhausted` when attempts or time are used up, `non_retryable`. A call that succeeds the first time is not counted.
 *
 * A function that was made once is used for all requests, also for many at the same time.
 */
import type { Retry, RetryOptions } from '@quickticket/exercises/lab11/shapes'

export function retryDelayMs(_attempt: number, _baseMs: number, _random: () => number = Math.random): number {
  // TODO
  return 0
}

export function createRetry({ deadlineMs }: RetryOptions): Retry {
  // TODO
  return (call) => call(deadlineMs)
}
