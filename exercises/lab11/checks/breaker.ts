import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'
import { type Clock, withClock } from './clock.ts'
import { countBy } from './counted.ts'
import { rememberLog } from './log.ts'
import { watch } from './watch.ts'

const COOLDOWN_MS = 30_000
const failure = new Error('unhealthy')
const refusal = new Error('refused')

type Subject = Subjects['breaker']

/** A breaker and calls through it, each until it can go no further without time passing. */
function breakerOf(subject: Subject, clock: Clock, failureThreshold: number) {
  const { counter, values } = countBy('to')
  const { log, lines } = rememberLog()
  const breaker = subject.createBreaker({
    failureThreshold,
    cooldownMs: COOLDOWN_MS,
    isFailure: (error) => error === failure,
    transitions: counter,
    log,
  })
  async function outcomeOf(call: () => Promise<string>) {
    let made = false
    const outcome = watch(() =>
      breaker.run(() => {
        made = true
        return call()
      }),
    )
    await clock.pass(0)
    if (outcome.error instanceof subject.CircuitOpenError && !made) return 'not made'
    return outcome.error ?? outcome.value ?? 'pending'
  }
  return {
    breaker,
    lines,
    transitions: values,
    fail: () => outcomeOf(() => Promise.reject(failure)),
    refuse: () => outcomeOf(() => Promise.reject(refusal)),
    succeed: () => outcomeOf(async () => 'answer'),
    /** A call that the check ends. */
    async begin() {
      const gate = Promise.withResolvers<string>()
      gate.promise.catch(() => undefined)
      const outcome = await outcomeOf(() => gate.promise)
      const end = (settle: () => void) => {
        settle()
        return clock.pass(0)
      }
      return {
        outcome,
        succeed: () => end(() => gate.resolve('answer')),
        fail: () => end(() => gate.reject(failure)),
      }
    },
  }
}

async function opened(subject: Subject, clock: Clock, failureThreshold: number) {
  const circuit = breakerOf(subject, clock, failureThreshold)
  for (let failures = 0; failures < failureThreshold; failures++) await circuit.fail()
  expect(await circuit.succeed(), `a call after ${failureThreshold} failures in a row`).toBe('not made')
  return circuit
}

export const checks: Check<Subject>[] = [
  {
    requires: 'what a call answers or throws is passed on',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = breakerOf(subject, clock, 3)
        expect(await circuit.succeed(), 'an answer').toBe('answer')
        expect(await circuit.fail(), 'a failure').toBe(failure)
        expect(await circuit.refuse(), 'a refusal').toBe(refusal)
      }),
  },
  {
    requires: 'failures in a row open the circuit, no sooner and no later than the threshold',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = breakerOf(subject, clock, 3)
        for (let call = 1; call <= 3; call++) expect(await circuit.fail(), `failure ${call}`).toBe(failure)
        expect(await circuit.succeed(), 'the call after it').toBe('not made')
        expect(circuit.breaker.state(), 'state').toBe('OPEN')
      }),
  },
  {
    requires: 'while it is open, calls are not made and fail at once with CircuitOpenError',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 2)
        await clock.pass(COOLDOWN_MS - 1)
        expect(await circuit.succeed(), 'a call 1 ms before the end of the cooldown').toBe('not made')
      }),
  },
  {
    requires: 'a success in between starts the count again',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = breakerOf(subject, clock, 3)
        for (let round = 0; round < 5; round++) {
          await circuit.fail()
          await circuit.fail()
          await circuit.succeed()
        }
        expect(circuit.breaker.state(), 'state after 10 failures, never 3 in a row').toBe('CLOSED')
        for (let failures = 0; failures < 3; failures++) await circuit.fail()
        expect(circuit.breaker.state(), 'state after 3 in a row').toBe('OPEN')
      }),
  },
  {
    requires: 'an error for which isFailure says no is not counted as a failure',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = breakerOf(subject, clock, 2)
        for (let refusals = 0; refusals < 5; refusals++) await circuit.refuse()
        expect(circuit.breaker.state(), 'state after 5 refusals').toBe('CLOSED')
        await circuit.fail()
        expect(circuit.breaker.state(), 'state after 5 refusals and 1 failure').toBe('CLOSED')
        await circuit.fail()
        expect(circuit.breaker.state(), 'state after 2 failures in a row').toBe('OPEN')
      }),
  },
  {
    requires: 'after the cooldown one call is the probe, and others are not made while it runs',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 2)
        await clock.pass(COOLDOWN_MS)
        const probe = await circuit.begin()
        expect(probe.outcome, 'the first call after the cooldown').toBe('pending')
        expect(circuit.breaker.state(), 'state while it runs').toBe('HALF_OPEN')
        expect(await circuit.succeed(), 'a second call while it runs').toBe('not made')
        await probe.succeed()
      }),
  },
  {
    requires: 'a probe that succeeds closes the circuit',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 2)
        await clock.pass(COOLDOWN_MS)
        expect(await circuit.succeed(), 'the probe').toBe('answer')
        expect(circuit.breaker.state(), 'state').toBe('CLOSED')
        expect(await circuit.succeed(), 'the next call').toBe('answer')
      }),
  },
  {
    requires: 'a probe that fails opens it again at once, for a whole cooldown',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 2)
        await clock.pass(COOLDOWN_MS + 10_000)
        expect(await circuit.fail(), 'the probe').toBe(failure)
        expect(circuit.breaker.state(), 'state').toBe('OPEN')
        await clock.pass(COOLDOWN_MS - 1)
        expect(await circuit.succeed(), 'a call 1 ms before the end of the second cooldown').toBe('not made')
        await clock.pass(1)
        expect(await circuit.succeed(), 'a call at its end').toBe('answer')
      }),
  },
  {
    requires: 'a probe that ends with such an error does not block the calls after it',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 2)
        await clock.pass(COOLDOWN_MS)
        expect(await circuit.refuse(), 'the probe').toBe(refusal)
        expect(await circuit.succeed(), 'the next call').toBe('answer')
        expect(circuit.breaker.state(), 'state after that').toBe('CLOSED')
      }),
  },
  {
    requires: 'once closed, it counts from zero',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 3)
        await clock.pass(COOLDOWN_MS)
        await circuit.succeed()
        await circuit.fail()
        await circuit.fail()
        expect(circuit.breaker.state(), 'state after 2 failures with a threshold of 3').toBe('CLOSED')
      }),
  },
  {
    requires: 'calls that began before it opened change nothing when they end',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = breakerOf(subject, clock, 2)
        const [late, later] = [await circuit.begin(), await circuit.begin()]
        await circuit.fail()
        await circuit.fail()
        await late.succeed()
        expect(circuit.breaker.state(), 'state after a late success').toBe('OPEN')
        await later.fail()
        expect(await circuit.transitions(), 'transitions after a late failure').toEqual({ OPEN: 1 })
      }),
  },
  {
    requires: 'every change is counted by `to`, and logged as the warning `circuit transition`',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = await opened(subject, clock, 1)
        await clock.pass(COOLDOWN_MS)
        await circuit.succeed()
        const changes = { OPEN: 1, HALF_OPEN: 1, CLOSED: 1 }
        expect(await circuit.transitions(), 'gateway_circuit_breaker_transitions_total').toEqual(changes)
        const logged = circuit.lines().map(({ level, msg, to }) => `${level} ${msg} ${to}`)
        expect(logged, 'the log').toEqual(
          Object.keys(changes).map((to) => `WARNING circuit transition ${to}`),
        )
      }),
  },
  {
    requires: 'a threshold of 0 turns it off',
    verify: (subject) =>
      withClock(async (clock) => {
        const circuit = breakerOf(subject, clock, 0)
        for (let calls = 0; calls < 20; calls++) expect(await circuit.fail(), 'a failure').toBe(failure)
      }),
  },
]
