import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BulkheadFullError, createBulkhead } from '../src/policies/bulkhead.ts'
import { observeBulkhead } from '../src/policies/bulkheads.ts'

const WAIT_MS = 500

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function bulkheadOf(limit: number, waitMs = WAIT_MS) {
  let rejected = 0
  const bulkhead = createBulkhead({ target: 'payments', limit, waitMs, onRejected: () => rejected++ })
  return { bulkhead, rejected: () => rejected }
}

/** Calls that the test ends, in the order in which they were made. */
function calls(bulkhead: ReturnType<typeof createBulkhead>) {
  const made: { end(answer: string): void; fail(error: Error): void; waitedMs: number }[] = []
  const start = () =>
    bulkhead
      .run((waitedMs) => {
        const { promise, resolve, reject } = Promise.withResolvers<string>()
        made.push({ end: resolve, fail: reject, waitedMs })
        return promise
      })
      .catch((error: unknown) => error)
  return { start, made }
}

test('calls up to the limit are made at once, the next one waits for a place', async () => {
  const { bulkhead, rejected } = bulkheadOf(2)
  const { start, made } = calls(bulkhead)
  const [first, , third] = [start(), start(), start()]
  await vi.advanceTimersByTimeAsync(300)
  expect(made).toHaveLength(2)
  expect(bulkhead.inFlight()).toBe(2)

  made[0]?.end('first')
  expect(await first).toBe('first')
  await vi.advanceTimersByTimeAsync(0)
  expect(made).toHaveLength(3)
  expect(made[2]?.waitedMs).toBe(300)
  expect(bulkhead.inFlight()).toBe(2)

  await vi.advanceTimersByTimeAsync(WAIT_MS)
  made[2]?.end('third')
  expect(await third).toBe('third')
  expect(bulkhead.inFlight()).toBe(1)
  expect(rejected()).toBe(0)
})

test('a call that waited for waitMs is rejected, and takes no place later', async () => {
  const { bulkhead, rejected } = bulkheadOf(1)
  const { start, made } = calls(bulkhead)
  start()
  const late = start()
  await vi.advanceTimersByTimeAsync(WAIT_MS - 1)
  expect(rejected()).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(await late).toBeInstanceOf(BulkheadFullError)
  expect(rejected()).toBe(1)

  made[0]?.end('done')
  await vi.advanceTimersByTimeAsync(0)
  expect(bulkhead.inFlight()).toBe(0)
  expect(made).toHaveLength(1)
})

test('places are given first come, first served', async () => {
  const { bulkhead } = bulkheadOf(1)
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const all = [bulkhead.run(() => gate.promise)]
  for (const name of ['second', 'third', 'fourth']) {
    all.push(bulkhead.run(async () => void order.push(name)))
  }
  gate.resolve()
  await Promise.all(all)
  expect(order).toEqual(['second', 'third', 'fourth'])
  expect(bulkhead.inFlight()).toBe(0)
})

test('with a waitMs of 0 a call is rejected at once', async () => {
  const { bulkhead, rejected } = bulkheadOf(1, 0)
  const { start } = calls(bulkhead)
  start()
  expect(await start()).toBeInstanceOf(BulkheadFullError)
  expect(rejected()).toBe(1)
})

test('a call that fails frees its place too', async () => {
  const { bulkhead } = bulkheadOf(1)
  const { start, made } = calls(bulkhead)
  const first = start()
  await vi.advanceTimersByTimeAsync(0)
  made[0]?.fail(new Error('down'))
  expect(await first).toEqual(new Error('down'))
  expect(await bulkhead.run(async () => 'next')).toBe('next')
})

test('without a limit no call waits, and calls in flight are still counted', async () => {
  const { bulkhead } = bulkheadOf(0)
  const { start, made } = calls(bulkhead)
  for (let i = 0; i < 100; i++) start()
  await vi.advanceTimersByTimeAsync(0)
  expect(made).toHaveLength(100)
  expect(bulkhead.inFlight()).toBe(100)
})

test('the most calls at once are remembered for a while, however often they are read', async () => {
  const bulkhead = observeBulkhead(bulkheadOf(0).bulkhead)
  const { start, made } = calls(bulkhead)
  const all = [start(), start(), start()]
  await vi.advanceTimersByTimeAsync(1)
  for (const { end } of made) end('')
  await Promise.all(all)
  expect(bulkhead.inFlight()).toBe(0)
  expect([bulkhead.inFlightMax(), bulkhead.inFlightMax()]).toEqual([3, 3])
  await vi.advanceTimersByTimeAsync(31_000)
  expect(bulkhead.inFlightMax()).toBe(0)
})
