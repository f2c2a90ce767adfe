import { type Fit, predict } from './fit.ts'

/** Where a line reaches a limit; undefined: not up to the end. */
export interface Crossing {
  /** the line itself */
  at: number | undefined
  /** the upper end of the prediction interval, and the lower */
  earliest: number | undefined
  latest: number | undefined
}

/** Looks for the first x from `from` up to `to` at which the line, and each end of its interval, is at the limit or above it. */
export function findCrossing(fit: Fit, limit: number, { from, to }: { from: number; to: number }): Crossing {
  const first = (bound: 'value' | 'low' | 'high') =>
    firstAtLeast((x) => predict(fit, x)[bound] - limit, from, to)
  return { at: first('value'), earliest: first('high'), latest: first('low') }
}

/**
 * The upper end is convex in x: below the limit at the begin, it crosses it once at most. The lower end is concave, and is looked at
 * from the end.
 */
function firstAtLeast(over: (x: number) => number, from: number, to: number): number | undefined {
  if (over(from) >= 0) return from
  if (!(over(to) >= 0)) return undefined
  let low = from
  let high = to
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (low + high) / 2
    if (over(middle) >= 0) high = middle
    else low = middle
  }
  return high
}
