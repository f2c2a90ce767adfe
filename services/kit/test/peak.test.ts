import { expect, test } from 'vitest'
import { createPeak, PEAK_WINDOW_S } from '../src/peak.ts'

function peakAt(start: number) {
  const clock = { s: start }
  return { clock, peak: createPeak(() => clock.s) }
}

test('what came between two looks is seen, by each who looks', () => {
  const { clock, peak } = peakAt(100)
  for (const value of [1, 9, 2]) peak.note(value)
  clock.s += 14.9
  peak.note(1)
  expect([peak.max(), peak.max()]).toEqual([9, 9])
})

test('it is forgotten after its time, and not before', () => {
  const { clock, peak } = peakAt(100.5)
  peak.note(9)
  clock.s = 110
  peak.note(4)
  clock.s = 100.5 + PEAK_WINDOW_S
  expect(peak.max()).toBe(9)
  clock.s = 101 + PEAK_WINDOW_S
  expect(peak.max()).toBe(4)
  clock.s = 111 + PEAK_WINDOW_S
  expect(peak.max()).toBe(0)
})

test('the largest of random values in the window, second by second', () => {
  const { clock, peak } = peakAt(0)
  const noted: [second: number, value: number][] = []
  for (let i = 0; i < 2000; i++) {
    clock.s += Math.random() * 5
    const value = Math.floor(Math.random() * 100)
    peak.note(value)
    noted.push([Math.floor(clock.s), value])
    const inWindow = noted.filter(([second]) => second >= Math.floor(clock.s) - PEAK_WINDOW_S)
    expect(peak.max()).toBe(Math.max(...inWindow.map(([, each]) => each)))
  }
})
