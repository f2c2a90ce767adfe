import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'
import { type Clock, withClock } from './clock.ts'
import { watch } from './watch.ts'

const WAIT_MS = 500

type Subject = Subjects['bulkhead']

/** A bulkhead of two places, and calls that the check ends. */
function bulkheadOf(subject: Subject, clock: Clock, limit = 2, waitMs = WAIT_MS) {
  let rejected = 0
  const bulkhead = subject.createBulkhead({ target: 'payments', limit, waitMs, onRejected: () => rejected++ })
  async function begin() {
    const gate = Promise.withResolvers<string>()
    gate.promise.catch(() => undefined)
    const call = { waitedMs: undefined as number | undefined }
    const outcome = watch(() =>
      bulkhead.run((waitedMs) => {
        call.waitedMs = waitedMs
        return gate.promise
      }),
    )
    await clock.pass(0)
    const end = (settle: () => void) => {
      settle()
      return clock.pass(0)
    }
    return {
      outcome,
      isMade: () => call.waitedMs !== undefined,
      waitedMs: () => call.waitedMs,
      wasRejected: () => outcome.error instanceof subject.BulkheadFullError,
      succeed: () => end(() => gate.resolve('answer')),
      fail: () => end(() => gate.reject(new Error('down'))),
    }
  }
  return { begin, inFlight: () => bulkhead.inFlight(), rejected: () => rejected }
}

type Compartment = ReturnType<typeof bulkheadOf>

const requires = (
  words: string,
  verify: (compartment: Compartment, clock: Clock, subject: Subject) => Promise<void>,
): Check<Subject> => ({
  requires: words,
  verify: (subject) => withClock((clock) => verify(bulkheadOf(subject, clock), clock, subject)),
})

/** Two calls that fill it. */
async function filled(compartment: Compartment) {
  const calls = [await compartment.begin(), await compartment.begin()] as const
  expect(
    calls.map((call) => call.isMade()),
    'two calls with a limit of 2',
  ).toEqual([true, true])
  return calls
}

export const checks = [
  requires('calls up to the limit are in flight, and inFlight counts them', async (compartment) => {
    expect(compartment.inFlight(), 'in flight before the first').toBe(0)
    const [first] = await filled(compartment)
    expect(compartment.inFlight(), 'in flight').toBe(2)
    expect((await compartment.begin()).isMade(), 'a third is made').toBe(false)
    expect(compartment.inFlight(), 'in flight with one that waits').toBe(2)
    await first.succeed()
    expect(first.outcome, 'what the caller gets').toEqual({ state: 'done', value: 'answer' })
  }),
  requires('a call on top waits, and is made when a place becomes free', async (compartment) => {
    const [first] = await filled(compartment)
    const third = await compartment.begin()
    expect(third.outcome.state, 'the third call').toBe('pending')
    await first.succeed()
    expect(third.isMade(), 'it is made when another has ended').toBe(true)
    expect(compartment.inFlight(), 'in flight').toBe(2)
    expect(compartment.rejected(), 'rejections').toBe(0)
  }),
  requires('it waits no longer than waitMs, then gets BulkheadFullError', async (compartment, clock) => {
    await filled(compartment)
    const third = await compartment.begin()
    await clock.pass(WAIT_MS - 1)
    expect(third.outcome.state, 'the third call after 499 ms').toBe('pending')
    await clock.pass(1)
    expect(third.wasRejected(), 'rejected after 500 ms').toBe(true)
    expect(third.isMade(), 'the call is made').toBe(false)
  }),
  requires('onRejected is called for each call that is rejected', async (compartment, clock) => {
    await filled(compartment)
    await compartment.begin()
    await compartment.begin()
    await clock.pass(WAIT_MS)
    expect(compartment.rejected(), 'rejections').toBe(2)
  }),
  requires('a call that was rejected takes no place later', async (compartment, clock) => {
    const [first, second] = await filled(compartment)
    await compartment.begin()
    await clock.pass(WAIT_MS)
    await first.succeed()
    await second.succeed()
    expect(compartment.inFlight(), 'in flight when all have ended').toBe(0)
    await filled(compartment)
  }),
  requires('a call that fails gives its place back too', async (compartment) => {
    const [first] = await filled(compartment)
    const third = await compartment.begin()
    await first.fail()
    expect(first.outcome.state, 'its caller hears of it').toBe('failed')
    expect(third.isMade(), 'the next one is made').toBe(true)
  }),
  requires('places are given in the order in which calls came', async (compartment, clock) => {
    const [first] = await filled(compartment)
    const third = await compartment.begin()
    await clock.pass(10)
    const fourth = await compartment.begin()
    await first.succeed()
    expect([third.isMade(), fourth.isMade()], 'the third, and the fourth').toEqual([true, false])
  }),
  requires('a call gets the time that it waited', async (compartment, clock) => {
    const [first] = await filled(compartment)
    expect(first.waitedMs(), 'one that did not wait').toBe(0)
    const third = await compartment.begin()
    await clock.pass(200)
    await first.succeed()
    expect(third.waitedMs(), 'one that waited for 200 ms').toBe(200)
  }),
  requires('a call that got a place leaves no timer behind', async (compartment, clock) => {
    const [first] = await filled(compartment)
    await compartment.begin()
    await first.succeed()
    expect(clock.timers(), 'timers').toBe(0)
  }),
  requires('with a waitMs of 0 it rejects at once', async (_compartment, clock, subject) => {
    const impatient = bulkheadOf(subject, clock, 2, 0)
    await filled(impatient)
    expect((await impatient.begin()).wasRejected(), 'the third call').toBe(true)
  }),
  requires('a limit of 0 turns it off', async (_compartment, clock, subject) => {
    const unlimited = bulkheadOf(subject, clock, 0)
    for (let calls = 0; calls < 20; calls++) expect((await unlimited.begin()).isMade(), 'a call').toBe(true)
  }),
]
