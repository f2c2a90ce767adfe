import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { RetryOptions, Subjects } from '../shapes.ts'
import { withClock } from './clock.ts'
import { countBy } from './counted.ts'
import { watch } from './watch.ts'

const BASE_MS = 100
const transient = new Error('transient')
const permanent = new Error('permanent')

function retryOf({ createRetry }: Subjects['retry'], options: Partial<RetryOptions> = {}) {
  const { counter, values } = countBy('result', 'target')
  const retry = createRetry({
    attempts: 3,
    baseDelayMs: BASE_MS,
    deadlineMs: 60_000,
    isRetryable: (error) => error === transient,
    target: 'payments',
    retries: counter,
    ...options,
  })
  return { retry, results: values }
}

/** A call that fails with these errors, one a time, then answers; and when it was made with how much time left. */
function failing(...errors: Error[]) {
  const made: { atMs: number; remainingMs: number }[] = []
  const call = async (remainingMs: number) => {
    made.push({ atMs: performance.now(), remainingMs })
    const error = errors.shift()
    if (error) throw error
    return 'answer'
  }
  return { call, made }
}

export const checks: Check<Subjects['retry']>[] = [
  {
    requires: 'the wait is base · 2^attempt, and by chance up to one base more',
    verify({ retryDelayMs }) {
      for (const [attempt, waitMs] of [100, 200, 400, 800].entries()) {
        expect(
          retryDelayMs(attempt, 100, () => 0),
          `attempt ${attempt}, no jitter`,
        ).toBe(waitMs)
        expect(
          retryDelayMs(attempt, 100, () => 0.5),
          `attempt ${attempt}, jitter 0.5`,
        ).toBe(waitMs + 50)
      }
    },
  },
  {
    requires: 'a call that succeeds is made once, and nothing is counted',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry, results } = retryOf(subject)
        const { call, made } = failing()
        const outcome = watch(() => retry(call))
        await clock.pass(0)
        expect(outcome, 'outcome').toEqual({ state: 'done', value: 'answer' })
        expect(made.length, 'calls made').toBe(1)
        expect(await results(), 'gateway_retry_total').toEqual({})
      }),
  },
  {
    requires: 'a transient failure is retried until the call succeeds',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject)
        const { call, made } = failing(transient, transient)
        const outcome = watch(() => retry(call))
        await clock.pass(10_000)
        expect(made.length, 'calls made').toBe(3)
        expect(outcome, 'outcome').toEqual({ state: 'done', value: 'answer' })
      }),
  },
  {
    requires: 'attempts are limited, and the caller gets the last error',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject)
        const { call, made } = failing(transient, transient, transient, transient, transient)
        const outcome = watch(() => retry(call))
        await clock.pass(30_000)
        expect(made.length, 'calls made with 3 attempts').toBe(3)
        expect(outcome, 'outcome').toEqual({ state: 'failed', error: transient })
      }),
  },
  {
    requires: 'a permanent failure is not retried',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject)
        const { call, made } = failing(permanent)
        const outcome = watch(() => retry(call))
        await clock.pass(10_000)
        expect(made.length, 'calls made').toBe(1)
        expect(outcome, 'outcome').toEqual({ state: 'failed', error: permanent })
      }),
  },
  {
    requires: 'each wait is twice as long as the one before, and none is shorter than base · 2^attempt',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject, { attempts: 4 })
        const { call, made } = failing(transient, transient, transient)
        watch(() => retry(call))
        await clock.pass(10_000)
        const waits = made.slice(1).map(({ atMs }, index) => atMs - (made[index]?.atMs ?? 0))
        expect(waits.length, 'waits').toBe(3)
        for (const [attempt, waitMs] of waits.entries()) {
          const leastMs = BASE_MS * 2 ** attempt
          expect(waitMs, `wait ${attempt + 1} in ms`).toBeGreaterThanOrEqual(leastMs)
          // timers have whole milliseconds
          expect(waitMs, `wait ${attempt + 1} in ms`).toBeLessThanOrEqual(leastMs + BASE_MS + 1)
        }
      }),
  },
  {
    requires: 'calls that failed together do not retry together',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject)
        const calls = Array.from({ length: 20 }, () => failing(transient))
        for (const { call } of calls) watch(() => retry(call))
        await clock.pass(2 * BASE_MS + 1)
        const cameBackAt = calls.map(({ made }) => made[1]?.atMs)
        expect(cameBackAt, 'second calls').not.toContain(undefined)
        expect(new Set(cameBackAt).size, 'moments at which 20 clients came back').toBeGreaterThan(5)
      }),
  },
  {
    requires: 'after the last attempt there is no further wait',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject, { attempts: 1 })
        const outcome = watch(() => retry(failing(transient).call))
        await clock.pass(0)
        expect(outcome.state, 'outcome as soon as the only attempt failed').toBe('failed')
        expect(clock.timers(), 'timers left').toBe(0)
      }),
  },
  {
    requires:
      'all attempts share one deadline: each gets what other attempts, waits and a bulkhead left of it',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject, { deadlineMs: 1000 })
        const remaining: number[] = []
        const slow = async (remainingMs: number) => {
          remaining.push(remainingMs)
          await new Promise((resolve) => setTimeout(resolve, 300))
          throw transient
        }
        watch(() => retry(slow, 100))
        await clock.pass(10_000)
        const [first, second] = remaining
        expect(first, 'ms for the first of 1000, 100 of which were waited before').toBe(900)
        expect(second, 'ms for the second, after 300 and a wait of at least 100').toBeLessThanOrEqual(500)
        expect(second, 'ms for the second, after 300 and a wait of at most 200').toBeGreaterThanOrEqual(399)
      }),
  },
  {
    requires: 'a wait that would outlast the deadline does not start',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry, results } = retryOf(subject, { baseDelayMs: 5000, deadlineMs: 1000 })
        const outcome = watch(() => retry(failing(transient).call))
        await clock.pass(0)
        expect(outcome, 'outcome at once').toEqual({ state: 'failed', error: transient })
        expect(clock.timers(), 'timers left').toBe(0)
        expect(await results(), 'gateway_retry_total').toEqual({ exhausted: 1 })
      }),
  },
  {
    requires: 'concurrent calls are retried independently',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry } = retryOf(subject)
        const calls = Array.from({ length: 3 }, () => failing(transient, transient))
        const outcomes = calls.map(({ call }) => watch(() => retry(call)))
        await clock.pass(10_000)
        expect(
          outcomes.map(({ state }) => state),
          'outcomes',
        ).toEqual(['done', 'done', 'done'])
      }),
  },
  {
    requires: 'gateway_retry_total counts retried, succeeded_after_retry, exhausted and non_retryable',
    verify: (subject) =>
      withClock(async (clock) => {
        const { retry, results } = retryOf(subject)
        watch(() => retry(failing(transient, transient).call))
        await clock.pass(10_000)
        expect(await results(), 'after a call that needed two retries').toEqual({
          retried: 2,
          succeeded_after_retry: 1,
        })
        watch(() => retry(failing(transient, transient, transient).call))
        watch(() => retry(failing(permanent).call))
        await clock.pass(10_000)
        expect(await results(), 'after one more that never succeeded, and one whose failure lasts').toEqual({
          retried: 4,
          succeeded_after_retry: 1,
          exhausted: 1,
          non_retryable: 1,
        })
      }),
  },
]
