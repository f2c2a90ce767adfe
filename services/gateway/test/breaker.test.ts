import { captureLog } from '@quickticket/testing/captured-log'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayMetrics } from '../src/metrics.ts'
import { type Breaker, CircuitOpenError, createBreaker } from '../src/policies/breaker.ts'
import { counted } from './counted.ts'

const COOLDOWN_MS = 30_000
const failure = new Error('unhealthy')
const refusal = new Error('refused')

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

/** Calls that end when the test resolves or rejects them. */
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

test('the result or the error of a call is passed on', async () => {
  const { breaker } = breakerOf(3)
  expect(await succeed(breaker)).toBe('answer')
  expect(await fail(breaker)).toBe(failure)
  expect(await refuse(breaker)).toBe(refusal)
})

test('consecutive failures open the circuit, at the threshold and not before', async () => {
  const { breaker, transitions } = breakerOf(3)
  await fail(breaker)
  await fail(breaker)
  expect(breaker.state()).toBe('CLOSED')
  await fail(breaker)
  expect(breaker.state()).toBe('OPEN')
  expect(await transitions()).toEqual({ OPEN: 1 })
})

test('a success in between resets the count', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 10; i++) {
    await fail(breaker)
    await fail(breaker)
    await succeed(breaker)
  }
  expect(breaker.state()).toBe('CLOSED')
})

test('earlier successes do not delay the opening', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 1000; i++) await succeed(breaker)
  for (let i = 0; i < 3; i++) await fail(breaker)
  expect(breaker.state()).toBe('OPEN')
})

test('a refusal by a healthy service does not count as a failure', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 100; i++) await refuse(breaker)
  expect(breaker.state()).toBe('CLOSED')
})

test('a refusal resets the count, as a success does', async () => {
  const { breaker } = breakerOf(3)
  for (let i = 0; i < 10; i++) {
    await fail(breaker)
    await fail(breaker)
    await refuse(breaker)
  }
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

test('after the cooldown only one of many calls is made, and its success closes the circuit', async () => {
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

test('a probe that is refused closes the circuit: the other side answers', async () => {
  const { breaker, transitions } = await opened(1)
  await vi.advanceTimersByTimeAsync(COOLDOWN_MS)
  expect(await refuse(breaker)).toBe(refusal)
  expect(breaker.state()).toBe('CLOSED')
  expect(await succeed(breaker)).toBe('answer')
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

test('calls in flight when the circuit opened neither close it nor count twice', async () => {
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
