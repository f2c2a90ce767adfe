import { UpstreamError } from '@quickticket/kit/http-client'
import { Registry } from '@quickticket/kit/prometheus'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatewayMetrics } from '../src/metrics.ts'
import { ChargeRefused, mayPass } from '../src/payments-client.ts'
import { createRetry, type RetryOptions, retryDelayMs } from '../src/retry.ts'
import { counted } from './counted.ts'

const passing = new Error('may pass')
const lasting = new Error('will last')

function retryOf(options: Partial<RetryOptions> = {}) {
  const { retries } = gatewayMetrics(new Registry())
  const retry = createRetry({
    attempts: 3,
    baseDelayMs: 1,
    deadlineMs: 10_000,
    isRetryable: (error) => error === passing,
    target: 'payments',
    retries,
    ...options,
  })
  return { retry, results: () => counted(retries, 'result') }
}

/** Fails with these errors, one a call, then answers; and remembers the time that each call was given. */
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

  test('is nothing when the base is nothing', () => {
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

test('a call that may pass is made again until it succeeds', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing(passing, passing)
  expect(await retry(call)).toBe('answer')
  expect(remaining).toHaveLength(3)
  expect(await results()).toEqual({ retried: 2, succeeded_after_retry: 1 })
})

test('after the last attempt its error counts', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing(passing, passing, passing)
  await expect(retry(call)).rejects.toBe(passing)
  expect(remaining).toHaveLength(3)
  expect(await results()).toEqual({ retried: 2, exhausted: 1 })
})

test('a failure that will last is not tried again', async () => {
  const { retry, results } = retryOf()
  const { call, remaining } = failing(lasting)
  await expect(retry(call)).rejects.toBe(lasting)
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({ non_retryable: 1 })
})

test('one attempt is no retry, and nothing is counted', async () => {
  const { retry, results } = retryOf({ attempts: 1 })
  const { call, remaining } = failing(passing)
  await expect(retry(call)).rejects.toBe(passing)
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({})
})

test('all attempts together have one deadline: each is given what the others left', async () => {
  const { retry } = retryOf({ baseDelayMs: 20, deadlineMs: 10_000 })
  const { call, remaining } = failing(passing, passing)
  await retry(call)
  const [first = 0, second = 0, third = 0] = remaining
  expect(first).toBeLessThanOrEqual(10_000)
  expect(second).toBeLessThan(first)
  expect(third).toBeLessThan(second)
})

test('what was waited before the first attempt is part of the deadline', async () => {
  const { retry } = retryOf({ deadlineMs: 10_000 })
  const { call, remaining } = failing()
  await retry(call, 9000)
  expect(remaining[0]).toBeLessThanOrEqual(1000)
})

test('a wait that would outlast the deadline is not begun', async () => {
  const { retry, results } = retryOf({ baseDelayMs: 60_000, deadlineMs: 1000 })
  const { call, remaining } = failing(passing)
  await expect(retry(call)).rejects.toBe(passing)
  expect(remaining).toHaveLength(1)
  expect(await results()).toEqual({ exhausted: 1 })
})

test('two calls at a time are retried each for itself', async () => {
  const { retry, results } = retryOf()
  const [one, another] = [failing(passing, passing), failing(lasting)]
  const outcomes = await Promise.allSettled([retry(one.call), retry(another.call)])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(await results()).toEqual({ retried: 2, succeeded_after_retry: 1, non_retryable: 1 })
})

describe('of what can happen to a charge', () => {
  test.each([500, 502, 503, 504, 599, 408, 429])('%i may pass', (status) => {
    expect(mayPass(new ChargeRefused(status, undefined))).toBe(true)
  })

  test.each([300, 400, 401, 402, 404, 409, 410, 422])('%i will last', (status) => {
    expect(mayPass(new ChargeRefused(status, undefined))).toBe(false)
  })

  test('no answer, or none in time, may pass', () => {
    expect(mayPass(new UpstreamError('payments', 'unreachable', undefined))).toBe(true)
    expect(mayPass(new UpstreamError('payments', 'timeout', undefined))).toBe(true)
  })

  test('a mistake of our own will last', () => {
    expect(mayPass(new TypeError('undefined is not a function'))).toBe(false)
  })
})
