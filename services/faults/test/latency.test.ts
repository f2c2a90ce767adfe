import { expect, test } from 'vitest'
import { parseFaults } from '../src/parse.ts'
import { createRandom } from '../src/random.ts'

/** Many delays of one distribution, from short to long. */
function delays(latency: string, howMany = 20_000): number[] {
  const [rule] = parseFaults(`100% latency=${latency}`)
  if (rule?.effect.stage !== 'delay') throw new Error('no latency')
  const { sampleMs } = rule.effect
  const random = createRandom(1)
  return Array.from({ length: howMany }, () => sampleMs(random)).toSorted((a, b) => a - b)
}

const percentile = (sorted: number[], percent: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] as number
const mean = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

test('a duration is always the same', () => {
  expect(new Set(delays('200ms', 10))).toEqual(new Set([200]))
})

test('a range is uniform', () => {
  const sorted = delays('200ms..2s')
  expect(sorted[0]).toBeGreaterThanOrEqual(200)
  expect(sorted.at(-1)).toBeLessThan(2000)
  for (const percent of [10, 25, 50, 75, 90]) {
    expect(percentile(sorted, percent)).toBeCloseTo(200 + 18 * percent, -2)
  }
})

test('a normal distribution has its mean and standard deviation, and nothing below 0', () => {
  const sorted = delays('normal(1s,100ms)')
  expect(mean(sorted)).toBeGreaterThan(995)
  expect(mean(sorted)).toBeLessThan(1005)
  expect(percentile(sorted, 15.87)).toBeCloseTo(900, -1)
  expect(percentile(sorted, 84.13)).toBeCloseTo(1100, -1)
  expect(delays('normal(10ms,100ms)')[0]).toBe(0)
})

test('percentiles hold, and interpolation between them is logarithmic', () => {
  const sorted = delays('p50=5ms,p99=2s,p100=10s')
  expect(sorted[0]).toBe(5)
  expect(percentile(sorted, 49)).toBe(5)
  expect(percentile(sorted, 74.5) / 100).toBeCloseTo(1, 1)
  expect(percentile(sorted, 99) / 2000).toBeCloseTo(1, 1)
  expect(sorted.at(-1)).toBeLessThanOrEqual(10_000)
  expect(sorted.at(-1)).toBeGreaterThan(8000)
})

test('no delay is longer than the last percentile', () => {
  const sorted = delays('p50=5ms,p99.9=2s')
  expect(sorted.at(-1)).toBe(2000)
})
