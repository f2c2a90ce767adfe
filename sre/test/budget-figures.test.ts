import { burnRates } from '@quickticket/monitoring/slo/burn-rates'
import { parseDurationMs } from '@quickticket/monitoring/slo/duration'
import { describe, expect, test } from 'vitest'
import { budgetMs, msToExhaustion, shareSpent } from '../src/budget/figures.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('an error budget', () => {
  test.each([
    [0.9999, '30d', 4.32],
    [0.9995, '30d', 21.6],
    [0.999, '30d', 43.2],
    [0.995, '30d', 216],
    [0.99, '30d', 432],
    [0.95, '30d', 2160],
    [0.999, '7d', 10.08],
    [0.995, '7d', 50.4],
    [0.99, '1d', 14.4],
  ])('of %d over %s is %d minutes', (objective, window, minutes) => {
    expect(budgetMs(objective, parseDurationMs(window)) / MINUTE).toBeCloseTo(minutes, 9)
  })
})

describe('a whole budget of 30 days', () => {
  // table 5-4 of the SRE Workbook
  test.each([
    [1, 30 * DAY],
    [2, 15 * DAY],
    [10, 3 * DAY],
    [14.4, 50 * HOUR],
    [6, 5 * DAY],
    [1000, 43.2 * MINUTE],
  ])('is used up at the burn rate %d after %d ms', (burnRate, ms) => {
    expect(msToExhaustion(burnRate, { left: 1, windowMs: 30 * DAY })).toBeCloseTo(ms, 3)
  })

  test('is never used up at a burn rate below 1, or without a bad request', () => {
    expect(msToExhaustion(0.9, { left: 1, windowMs: 30 * DAY })).toBe(Infinity)
    expect(msToExhaustion(0, { left: 0.01, windowMs: 30 * DAY })).toBe(Infinity)
  })

  test('of which a quarter is left is used up four times as soon', () => {
    expect(msToExhaustion(10, { left: 0.25, windowMs: 30 * DAY })).toBeCloseTo(0.75 * DAY, 3)
    expect(msToExhaustion(10, { left: -0.1, windowMs: 30 * DAY })).toBe(0)
  })
})

describe('the burn rates that alert, by table 5-8 of the SRE Workbook', () => {
  test.each([
    [14.4, HOUR, 0.02],
    [6, 6 * HOUR, 0.05],
    [1, 3 * DAY, 0.1],
  ])('%d for %d ms spends %d of the budget', (burnRate, lengthMs, share) => {
    expect(shareSpent(burnRate, { lengthMs, windowMs: 30 * DAY })).toBeCloseTo(share, 9)
  })

  test('are those of the rules', () => {
    for (const { long, factor } of burnRates(30 * DAY)) {
      const share = { '1h': 0.02, '6h': 0.05 }[long] ?? 0.1
      expect(shareSpent(factor, { lengthMs: parseDurationMs(long), windowMs: 30 * DAY })).toBeCloseTo(
        share,
        9,
      )
    }
  })
})
