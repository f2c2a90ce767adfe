import { Registry } from '@quickticket/kit/prometheus'
import { captureLog } from '@quickticket/testing/captured-log'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Breaker, CircuitOpenError, createBreaker } from '../src/breaker.ts'
import { gatewayMetrics } from '../src/metrics.ts'
import { counted } from './counted.ts'

const COOLDOWN_MS = 30_000
const failure = new Error('not well')
const refusal = new Error('well, and says no')

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function breakerOf(failureThreshold: number) {
  const { circuitTransitions } = gatewayMetrics(new Registry())
  const captured = captureLog()
  const breaker = createBreaker({
    failureThreshold,
    cooldownMs: COOLDOWN_MS,
    isFailure: (error) => error === failure,
    transitions: circuitTransitions,
    log: captured.log,
  })
  return { breaker, captured, transitions: () => counted(circuitTransitions, 'to') }
}

const fail = (breaker: Breaker) => breaker.run(() => Promise.reject(failure)).catch((error: unknown) => error)
const refuse = (breaker: Breaker) =>
  breaker.run(() => Promise.reject(refusal)).catch((error: unknown) => error)
const succeed = (breaker: Breaker) => breaker.run(async () => 'answer')

async function opened(failureThreshold: number) {
  const subject = breakerOf(failureThreshold)
  for (let i = 0; i < failureThreshold; i++) await fail(subject.breaker)
  expect(subject.breaker.state()).toBe('OPEN')
  return subject
}

/** A call that ends when it is told to. */
function pending(breaker: Breaker) {
  const gate = Promise.withResolvers<string>()
  let made = 0
  const run = () =>
    breaker
      .run(() => {
        made++
        return gate.promise
      })
      .catch((error: unknown) => error)
  return { run, made: () => made, resolve: gate.resolve, reject: gate.reject }
}

test('what a call answers or throws is passed on', async () => {
  const { breaker } = breakerOf(3)
  expect(await succeed(breaker)).toBe('answer')
  expect(await fail(breaker)).toBe(failure)
  expect(await refuse(breaker)).toBe(refusal)
})

test('failures in a row open the circuit, no sooner than the threshold', async () => {
  const { breaker, transitions } = breakerOf(3)
  await fail(breaker)
  await fail(breaker)
  expect(breaker.state()).toBe('CLOSED')
  await fail(breaker)
  expect(breaker.state()).toBe('OPEN')
  expect(await transitions()).toEqual({ OPEN: 1 })
})

test('a success in between starts the count anew', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 10; i++) {
    await fail(breaker)
    await fail(breaker)
    await succeed(breaker)
  }
  expect(breaker.state()).toBe('CLOSED')
})

test('many successes before do not make failures in a row any rarer', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 1000; i++) await succeed(breaker)
  for (let i = 0; i < 3; i++) await fail(breaker)
  expect(breaker.state()).toBe('OPEN')
})

test('a refusal by a service that is well does not count', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 100; i++) await refuse(breaker)
  expect(breaker.state()).toBe('CLOSED')
})

test('while the circuit is open, calls are not made', async () => {
  const { breaker } = await opened(3)
  const call = vi.fn(async () => 'answer')
  await expect(breaker.run(call)).rejects.toBeInstanceOf(CircuitOpenError)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS - 1)
  await expect(breaker.run(call)).rejects.toBeInstanceOf(CircuitOpenError)
  expect(call).not.toHaveBeenCalled()
})

test('after the cooldown one call of many is let through, and its success closes the circuit', async () => {
  const { breaker, transitions } = await opened(3)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS)
  expect(breaker.state()).toBe('HALF_OPEN')

  const probe = pending(breaker)
  const calls = Array.from({ length: 20 }, probe.run)
  probe.resolve('answer')
  const outcomes = await Promise.all(calls)
  expect(probe.made()).toBe(1)
  expect(outcomes.filter((outcome) => outcome === 'answer')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome instanceof CircuitOpenError)).toHaveLength(19)

  expect(breaker.state()).toBe('CLOSED')
  expect(await succeed(breaker)).toBe('answer')
  expect(await transitions()).toEqual({ OPEN: 1, HALF_OPEN: 1, CLOSED: 1 })
})

test('a probe that fails opens the circuit again, for another cooldown', async () => {
  const { breaker, transitions } = await opened(3)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS)
  expect(await fail(breaker)).toBe(failure)
  expect(breaker.state()).toBe('OPEN')
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS - 1)
  await expect(succeed(breaker)).rejects.toBeInstanceOf(CircuitOpenError)
  await vi.advanceTimersByTimeAsync(1)
  expect(await succeed(breaker)).toBe('answer')
  expect(breaker.state()).toBe('CLOSED')
  expect(await transitions()).toEqual({ OPEN: 2, HALF_OPEN: 2, CLOSED: 1 })
})

test('a probe that is refused neither opens nor closes the circuit: the next call is the probe', async () => {
  const { breaker, transitions } = await opened(1)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS)
  expect(await refuse(breaker)).toBe(refusal)
  expect(breaker.state()).toBe('HALF_OPEN')
  expect(await refuse(breaker)).toBe(refusal)
  expect(await succeed(breaker)).toBe('answer')
  expect(breaker.state()).toBe('CLOSED')
  expect(await transitions()).toEqual({ OPEN: 1, HALF_OPEN: 1, CLOSED: 1 })
})

test('after it closed, the threshold counts from zero', async () => {
  const { breaker } = await opened(3)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS)
  await succeed(breaker)
  await fail(breaker)
  await fail(breaker)
  expect(breaker.state()).toBe('CLOSED')
  await fail(breaker)
  expect(breaker.state()).toBe('OPEN')
})

test('calls that were under way when the circuit opened neither close it nor count twice', async () => {
  const { breaker, transitions } = breakerOf(3)
  const [late, later] = [pending(breaker), pending(breaker)]
  const running = [late.run(), later.run()]
  for (let i = 0; i < 3; i++) await fail(breaker)
  late.resolve('answer')
  later.reject(failure)
  expect(await Promise.all(running)).toEqual(['answer', failure])
  expect(breaker.state()).toBe('OPEN')
  expect(await transitions()).toEqual({ OPEN: 1 })
})

test('a threshold of 0 never opens the circuit', async () => {
  const { breaker, transitions } = breakerOf(0)
  for (let i = 0; i < 200; i++) expect(await fail(breaker)).toBe(failure)
  expect(breaker.state()).toBe('CLOSED')
  expect(await transitions()).toEqual({})
})

test('each change of the circuit is logged', async () => {
  const { breaker, captured } = await opened(1)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS)
  await succeed(breaker)
  expect(captured.lines().map(({ level, msg, to }) => [level, msg, to])).toEqual([
    ['WARNING', 'circuit transition', 'OPEN'],
    ['WARNING', 'circuit transition', 'HALF_OPEN'],
    ['WARNING', 'circuit transition', 'CLOSED'],
  ])
})
