import { UpstreamError } from '@quickticket/kit/http-client'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { gatewayMetrics } from '../src/metrics.ts'
import { ChargeRefused, isTransient } from '../src/payments-client.ts'
import { createRetry, type RetryOptions, retryDelayMs } from '../src/policies/retry.ts'
import { counted } from './counted.ts'

const transient = new Error('transient')
const permanent = new Error('permanent')

function retryOf(options: Partial<RetryOptions> = {}) {
  const { retries } = gatewayMetrics(new Registry())
  const retry = createRetry({
    attempts: 3,
    baseDelayMs: 1,
    deadlineMs: 10_000,
    isRetryable: (error) => error === transient,
    target: 'payments',
    retries,
    ...options,
  })
  return { retry, results: () => counted(retries, 'result') }
}

/** Fails with these errors, one per call, then answers; records the time that each call was given. */
function failing(...errors: Error[]) {
  const remaining: number[] = []
  const call = async (remainingMs: number) => {
    remaining.push(remainingMs)
    const error = errors.shift()
    if (error) throw error
    return 'answer'
  }
  return { call, remaining }
}

describe('the wait between two attempts', () => {
  test.each([
    [0, 100],
    [1, 200],
    [2, 400],
    [5, 3200],
  ])(
    'after failure %i is the base times a power of two: %i ms, and up to the base more',
    (attempt, waitMs) => {
      expect(retryDelayMs(attempt, 100, () => 0)).toBe(waitMs)
      expect(retryDelayMs(attempt, 100, () => 0.5)).toBe(waitMs + 50)
    },
  )

  test('is base·2^attempt + uniform(0, base)', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.nat(19), fc.integer({ min: 1, max: 60_000 }), random, (attempt, base, roll) => {
        const waitMs = retryDelayMs(attempt, base, () => roll)
        expect(waitMs).toBeCloseTo(base * 2 ** attempt + roll * base)
        expect(waitMs).toBeGreaterThanOrEqual(base * 2 ** attempt)
      }),
    )
  })

  test('is 0 when the base is 0', () => {
    expect(retryDelayMs(7, 0, () => 0.9)).toBe(0)
  })
})

test('a call that succeeds is made once and counts as no retry', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing()
  expect(await retry(call)).toBe('answer')
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({})
})

test('a call is repeated after transient failures until it succeeds', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing(transient, transient)
  expect(await retry(call)).toBe('answer')
  expect(remaining).toHaveLength(3)
  expect(await results()).toEqual({ retried: 2, succeeded_after_retry: 1 })
})

test('after the last attempt its error is thrown', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing(transient, transient, transient)
  await expect(retry(call)).rejects.toBe(transient)
  expect(remaining).toHaveLength(3)
  expect(await results()).toEqual({ retried: 2, exhausted: 1 })
})

test('a permanent failure is not retried', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing(permanent)
  await expect(retry(call)).rejects.toBe(permanent)
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({ non_retryable: 1 })
})

test('one attempt is no retry, and nothing is counted', async () => {
  const { retry, results } = retryOf({ attempts: 1 })
  const { call, remaining } = failing(transient)
  await expect(retry(call)).rejects.toBe(transient)
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({})
})

test('all attempts share one deadline: each gets the time that is left', async () => {
  const { retry } = retryOf({ baseDelayMs: 20, deadlineMs: 10_000 })
  const { call, remaining } = failing(transient, transient)
  await retry(call)
  const [first = 0, second = 0, third = 0] = remaining
  expect(first).toBeLessThanOrEqual(10_000)
  expect(second).toBeLessThan(first)
  expect(third).toBeLessThan(second)
})

test('time that was waited before the first attempt is part of the deadline', async () => {
  const { retry } = retryOf({ deadlineMs: 10_000 })
  const { call, remaining } = failing()
  await retry(call, 9000)
  expect(remaining[0]).toBeLessThanOrEqual(1000)
})

test('a wait that would outlast the deadline does not start', async () => {
  const { retry, results } = retryOf({ baseDelayMs: 60_000, deadlineMs: 1000 })
  const { call, remaining } = failing(transient)
  await expect(retry(call)).rejects.toBe(transient)
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({ exhausted: 1 })
})

test('concurrent calls are retried independently', async () => {
  const { retry, results } = retryOf()
  const [one, another] = [failing(transient, transient), failing(permanent)]
  const outcomes = await Promise.allSettled([retry(one.call), retry(another.call)])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(await results()).toEqual({ retried: 2, succeeded_after_retry: 1, non_retryable: 1 })
})

describe('failures of a charge', () => {
  test.each([500, 502, 503, 504, 599, 408, 429])('%i is transient', (status) => {
    expect(isTransient(new ChargeRefused(status, undefined))).toBe(true)
  })

  test.each([300, 400, 401, 402, 404, 409, 410, 422])('%i is permanent', (status) => {
    expect(isTransient(new ChargeRefused(status, undefined))).toBe(false)
  })

  test('no answer, or none in time, is transient', () => {
    expect(isTransient(new UpstreamError('payments', 'unreachable', undefined))).toBe(true)
    expect(isTransient(new UpstreamError('payments', 'timeout', undefined))).toBe(true)
  })

  test('a bug of our own is permanent', () => {
    expect(isTransient(new TypeError('undefined is not a function'))).toBe(false)
  })
})
