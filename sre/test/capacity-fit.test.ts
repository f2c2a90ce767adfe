import { describe, expect, it, test } from 'vitest'
import { fitLine, predict, slopeOf } from '../src/capacity/fit.ts'
import { findCrossing } from '../src/capacity/reach.ts'
import { studentQuantile } from '../src/capacity/student-t.ts'

/** NIST Statistical Reference Datasets, Norris: calibration of ozone monitors. https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml */
const NORRIS_X = [
  0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777, 558.2, 0.4, 0.6, 775.5, 666.9, 338, 447.5,
  11.6, 556, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999, 779, 11.1, 118.3, 229.2, 669.1,
  448.9, 0.5,
]
const NORRIS_Y = [
  0.1, 338.8, 118.1, 888, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3, 448.9,
  10.8, 557.7, 228.3, 998, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4,
  449.2, 0.2,
]

function pairs(x: number[], y: number[]) {
  return x.map((value, index) => ({ x: value, y: y[index] ?? Number.NaN }))
}

describe('a line through points', () => {
  it('has the certified values of the Norris data set of NIST', () => {
    const fit = fitLine(pairs(NORRIS_X, NORRIS_Y))
    expect(fit?.n).toBe(36)
    expect(fit?.slope).toBeCloseTo(1.00211681802045, 11)
    expect(fit?.intercept).toBeCloseTo(-0.262323073774029, 9)
    expect(fit?.residual).toBeCloseTo(0.884796396144373, 10)
    expect(fit?.r2).toBeCloseTo(0.999993745883712, 11)
  })

  // F. J. Anscombe, Graphs in Statistical Analysis, The American Statistician 27 (1973)
  it('has the values that Anscombe gives for his first data set', () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    const fit = fitLine(pairs(x, y))
    expect(fit?.slope).toBeCloseTo(0.5, 3)
    expect(fit?.intercept).toBeCloseTo(3.0, 2)
    expect(fit?.r2).toBeCloseTo(0.667, 3)
    expect(fit?.residual).toBeCloseTo(1.237, 3)
  })

  it('does not exist for two points, or for points above each other', () => {
    expect(fitLine(pairs([1, 2], [1, 2]))).toBeUndefined()
    expect(fitLine(pairs([3, 3, 3], [1, 2, 3]))).toBeUndefined()
  })
})

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: critical values of Student's t
test.each([
  [1, 0.95, 6.314],
  [1, 0.975, 12.706],
  [2, 0.975, 4.303],
  [5, 0.99, 3.365],
  [10, 0.975, 2.228],
  [30, 0.95, 1.697],
  [100, 0.975, 1.984],
])('Student’s t with %i degrees of freedom stays with probability %f below %f', (degrees, probability, t) => {
  expect(studentQuantile(probability, degrees)).toBeCloseTo(t, 3)
})

test('with very many degrees of freedom it is the normal distribution', () => {
  expect(studentQuantile(0.975, 100_000)).toBeCloseTo(1.95998, 4)
})

describe('the prediction interval', () => {
  it('has a new value in 95 % of 4,000 trials, and the slope’s interval the true slope', () => {
    const random = randomFrom(18)
    let within = 0
    let slopes = 0
    const trials = 4000
    for (let trial = 0; trial < trials; trial += 1) {
      const value = (x: number) => 3 + 0.7 * x + 2 * normal(random)
      const fit = fitLine(Array.from({ length: 20 }, (_, x) => ({ x, y: value(x) })))
      if (!fit) throw new Error('no fit')
      const { low, high } = predict(fit, 30)
      const next = value(30)
      const slope = slopeOf(fit)
      if (low <= next && next <= high) within += 1
      if (slope.low <= 0.7 && 0.7 <= slope.high) slopes += 1
    }
    // three standard deviations of a count of 4,000 with a probability of 95 % are 1.03 %
    expect(within / trials).toBeGreaterThan(0.9397)
    expect(within / trials).toBeLessThan(0.9603)
    expect(slopes / trials).toBeGreaterThan(0.9397)
    expect(slopes / trials).toBeLessThan(0.9603)
  })

  it('is wider when neighbouring residuals are alike, as they hold fewer independent values', () => {
    const waves = Array.from({ length: 100 }, (_, x) => ({ x, y: x + Math.sin(x / 8) }))
    const fit = fitLine(waves)
    if (!fit) throw new Error('no fit')
    expect(fit.autocorrelation).toBeGreaterThan(0.9)
    expect(fit.independent).toBeLessThan(10)
    const independent = predict({ ...fit, independent: fit.n }, 300)
    const { low, high } = predict(fit, 300)
    expect(high - low).toBeGreaterThan(1.5 * (independent.high - independent.low))
  })
})

describe('a limit', () => {
  const exact = Array.from({ length: 11 }, (_, x) => ({ x: x - 10, y: 100 + 5 * x }))

  it('is reached where the line says, without a spread where all points are on it', () => {
    const fit = fitLine(exact)
    if (!fit) throw new Error('no fit')
    // 150 at x = 0 and 5 more each
    const found = findCrossing(fit, 200, { from: 0, to: 30 })
    expect(found.at).toBeCloseTo(10, 6)
    expect(found.earliest).toBeCloseTo(10, 6)
    expect(found.latest).toBeCloseTo(10, 6)
  })

  it('is reached now when it is passed, and not at all when it is beyond the end', () => {
    const fit = fitLine(exact)
    if (!fit) throw new Error('no fit')
    expect(findCrossing(fit, 120, { from: 0, to: 30 }).at).toBe(0)
    expect(findCrossing(fit, 301, { from: 0, to: 30 })).toEqual({
      at: undefined,
      earliest: undefined,
      latest: undefined,
    })
  })

  it('has its time within the interval, which is where the ends of the prediction are at the limit', () => {
    const random = randomFrom(7)
    const fit = fitLine(exact.map(({ x, y }) => ({ x, y: y + 3 * normal(random) })))
    if (!fit) throw new Error('no fit')
    const { at = 0, earliest = 0, latest = 0 } = findCrossing(fit, 200, { from: 0, to: 100 })
    expect(earliest).toBeLessThan(at)
    expect(latest).toBeGreaterThan(at)
    expect(predict(fit, earliest).high).toBeCloseTo(200, 6)
    expect(predict(fit, latest).low).toBeCloseTo(200, 6)
  })
})

/** Mulberry32: from 0 to below 1, the same for one seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
