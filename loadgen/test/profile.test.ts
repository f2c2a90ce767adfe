import { describe, expect, test } from 'vitest'
import { constant, dueTimes, parseProfile, rateAt, secondsOf } from '../src/profile.ts'

const due = (text: string) => [...dueTimes(parseProfile(text))]
const rounded = (values: number[]) => values.map((value) => Math.round(value * 1000) / 1000)

describe('arrivals', () => {
  test('come evenly at a constant rate, the first one at once', () => {
    expect([...dueTimes(constant(5, 2))]).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800])
  })

  test('are as many as rate and time say, also with fractions', () => {
    expect([...dueTimes(constant(0.1, 25))]).toEqual([0, 10_000, 20_000])
    expect([...dueTimes(constant(333, 0.3))]).toHaveLength(100)
    expect([...dueTimes(constant(5000, 5))]).toHaveLength(25_000)
  })

  test('of a ramp come closer and closer', () => {
    const times = due('ramp:5..500/60s')
    expect(times).toHaveLength(((5 + 500) / 2) * 60)
    const gaps = times.slice(1).map((time, index) => time - (times[index] as number))
    expect(gaps.every((gap, index) => index === 0 || gap < (gaps[index - 1] as number) + 1e-6)).toBe(true)
    expect(gaps[0]).toBeGreaterThan(100)
    expect(gaps.at(-1)).toBeCloseTo(2, 1)
    // half of the time: 5·30 + (495/60)·30²/2
    expect(times.filter((time) => time < 30_000)).toHaveLength(Math.ceil(150 + 3712.5))
  })

  test('of a ramp down come further and further apart', () => {
    const times = due('ramp:100..10/10s')
    expect(times).toHaveLength(550)
    expect(times.at(-1)).toBeLessThan(10_000)
    expect(times.filter((time) => time < 5000).length).toBeGreaterThan(300)
  })

  test('of steps and joined parts follow each other without a gap', () => {
    expect(rounded(due('steps:1,2,4/1s+2/500ms'))).toEqual([0, 1000, 1500, 2000, 2250, 2500, 2750, 3000])
  })

  test('that are less than one in a part are not lost', () => {
    expect(rounded(due('steps:0.5,0.5,0.5,0.5/1s'))).toEqual([0, 2000])
  })
})

test('a profile says its length and its rate at any moment', () => {
  const profile = parseProfile('ramp:0.5..10.5/10s+steps:20,40/1m')
  expect(secondsOf(profile)).toBe(130)
  expect([0, 5, 10, 69.9, 70, 1000].map((second) => rateAt(profile, second))).toEqual([
    0.5, 5.5, 20, 20, 40, 40,
  ])
})

test.each([
  [
    'fast',
    '--profile is "fast"; it has to look like ramp:5..500/60s, steps:50,100,200/20s or 100/60s, several joined by +',
  ],
  ['ramp:5/60s', '--profile has "ramp:5/60s"; a ramp looks like ramp:5..500/60s'],
  ['5,10/60s', '--profile has "5,10/60s"; steps look like steps:50,100,200/20s'],
  ['ramp:5..99999/60s', 'a rate in --profile is "99999"; it has to be a number above 0 and up to 20000'],
  ['5/60y', 'the time in --profile is "60y"; it has to look like 500ms, 90s, 5m or 1h, up to a day'],
])('the profile %s is refused', (text, message) => {
  expect(() => parseProfile(text)).toThrow(message)
})
