import { expect, test } from 'vitest'
import { readLengthOption } from '../src/length-option.ts'

const MINUTE_MS = 60_000

test('a length is read in milliseconds, and without a value the fallback is', () => {
  expect(readLengthOption('window', '90m', { fallback: '30d' })).toBe(90 * MINUTE_MS)
  expect(readLengthOption('window', undefined, { fallback: '2h' })).toBe(120 * MINUTE_MS)
})

test.each(['0s', '59s', '3651d', '99999999999999999999d'])(
  '%s is refused, with the limits: no date is that far away',
  (text) => {
    expect(() => readLengthOption('window', text, { fallback: '30d' })).toThrow(
      `--window="${text}" must be from 1m to 3650d, such as 30d`,
    )
  },
)

test('an option may have a longer minimum', () => {
  const limits = { fallback: '14d', minMs: 10 * MINUTE_MS }
  expect(readLengthOption('window', '10m', limits)).toBe(10 * MINUTE_MS)
  expect(() => readLengthOption('window', '9m', limits)).toThrow('must be from 10m to 3650d')
})
