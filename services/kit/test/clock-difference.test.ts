import { expect, test } from 'vitest'
import { createClockDifference } from '../src/clock-difference.ts'

const START = Date.parse('2026-11-28T04:00:00Z')

/** A server whose clock is ahead; each answer takes this long there and back, and is written as it leaves. */
function answering(aheadMs: number) {
  const state = { now: START, aheadMs }
  const clock = createClockDifference(() => state.now)
  return {
    clock,
    state,
    answer(thereMs = 1, backMs = 1) {
      const sentAt = state.now
      state.now += thereMs
      const date = new Date(state.now + state.aheadMs).toUTCString()
      state.now += backMs
      clock.observeDate(date, sentAt, state.now)
    },
  }
}

test.each([-7000, -2300, 2300, 6000, 3_600_000])(
  '%i ms apart: known to a second from one answer',
  (aheadMs) => {
    const { clock, answer } = answering(aheadMs)
    answer()
    const seconds = clock.seconds() ?? 0
    expect(Math.sign(seconds)).toBe(Math.sign(aheadMs))
    expect(Math.abs(seconds)).toBeLessThanOrEqual(Math.abs(aheadMs) / 1000)
    expect(Math.abs(seconds)).toBeGreaterThan(Math.abs(aheadMs) / 1000 - 1.01)
  },
)

test('many answers say it to some milliseconds', () => {
  const { clock, answer, state } = answering(2300)
  for (let i = 0; i < 200; i++) {
    answer()
    state.now += 137
  }
  expect(clock.seconds()).toBeGreaterThan(2.28)
  expect(clock.seconds()).toBeLessThanOrEqual(2.3)
})

test.each([
  ['slow to arrive', 5000, 0],
  ['slow to come back', 0, 5000],
])('equal clocks and answers that are %s: no difference', (_, thereMs, backMs) => {
  const { clock, answer } = answering(0)
  for (let i = 0; i < 20; i++) answer(thereMs, backMs)
  expect(clock.seconds()).toBe(0)
})

test('a time with milliseconds says it to milliseconds at once', () => {
  const { clock } = answering(0)
  clock.observeTime(START + 2300, START - 2, START + 2)
  expect(clock.seconds()).toBe(2.298)
  clock.observeTime(START - 3000, START - 1, START)
  expect(clock.seconds()).toBe(-2.998)
})

test('a clock that is set is followed at once, forwards and back', () => {
  const { clock, answer, state } = answering(0)
  answer()
  state.aheadMs = 10_000
  answer()
  expect(clock.seconds()).toBeGreaterThan(8.9)
  state.aheadMs = 0
  answer()
  expect(clock.seconds()).toBe(0)
})

test('a server that writes an old Date once, because it hung, is believed no longer than to its next answer', () => {
  const { clock, answer, state } = answering(0)
  state.aheadMs = -3000
  answer()
  expect(clock.seconds()).toBeLessThan(-1.9)
  state.aheadMs = 0
  answer()
  expect(clock.seconds()).toBe(0)
})

test('without answers for five minutes it is unknown; without a Date it never is', () => {
  const { clock, answer, state } = answering(0)
  clock.observeDate(undefined, START, START)
  clock.observeDate('yesterday', START, START)
  expect(clock.seconds()).toBeUndefined()
  answer()
  expect(clock.seconds()).toBe(0)
  state.now += 301_000
  expect(clock.seconds()).toBeUndefined()
})
