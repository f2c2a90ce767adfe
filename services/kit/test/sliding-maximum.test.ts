import { expect, test } from 'vitest'
import { createSlidingMaximum, MAXIMUM_WINDOW_S } from '../src/sliding-maximum.ts'

function peakAt(start: number) {
  const clock = { s: start }
  return { clock, peak: createSlidingMaximum(() => clock.s) }
}

test('every reader sees the largest value between two reads', () => {
  const { clock, peak } = peakAt(100)
  for (const value of [1, 9, 2]) peak.record(value)
  clock.s += 14.9
  peak.record(1)
  expect([peak.max(), peak.max()]).toEqual([9, 9])
})

test('a value leaves the maximum after the window, and not before', () => {
  const { clock, peak } = peakAt(100.5)
  peak.record(9)
  clock.s = 110
  peak.record(4)
  clock.s = 100.5 + MAXIMUM_WINDOW_S
  expect(peak.max()).toBe(9)
  clock.s = 101 + MAXIMUM_WINDOW_S
  expect(peak.max()).toBe(4)
  clock.s = 111 + MAXIMUM_WINDOW_S
  expect(peak.max()).toBe(0)
})

test('the largest of random values in the window, second by second', () => {
  const { clock, peak } = peakAt(0)
  const noted: [second: number, value: number][] = []
  for (let i = 0; i < 2000; i++) {
    clock.s += Math.random() * 5
    const value = Math.floor(Math.random() * 100)
    peak.record(value)
    noted.push([Math.floor(clock.s), value])
    const inWindow = noted.filter(([second]) => second >= Math.floor(clock.s) - MAXIMUM_WINDOW_S)
    expect(peak.max()).toBe(Math.max(...inWindow.map(([, each]) => each)))
  }
})
