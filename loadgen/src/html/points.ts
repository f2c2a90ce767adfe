import { type Profile, rateAt } from '../profile.ts'
import type { Slice } from '../recorder.ts'

/** One moment of the plots: rates in requests per second, latencies in milliseconds. */
export interface Point {
  /** its middle, and its end */
  second: number
  end: number
  ok: number
  conflicts: number
  failed: number
  p50: number
  p90: number
  p99: number
  max: number
  waiting: number
  /** buyers per second that were asked for */
  asked: number | undefined
}

const MOST_POINTS = 240

/** Some seconds make a point where there are too many of them: rates are averages then, latencies the worst. */
export function pointsOf(slices: readonly Slice[], profile: Profile | undefined): Point[] {
  const size = Math.max(1, Math.ceil(slices.length / MOST_POINTS))
  const points: Point[] = []
  let before = 0
  for (let index = 0; index < slices.length; index += size) {
    const group = slices.slice(index, index + size)
    const end = group.at(-1)?.second ?? before
    const seconds = end - before
    // what is left after the last full second says little about a rate
    if (seconds >= 0.5 || points.length === 0) points.push(pointOf(group, before, end, profile))
    before = end
  }
  return points
}

function pointOf(group: Slice[], begin: number, end: number, profile: Profile | undefined): Point {
  const seconds = Math.max(end - begin, 0.001)
  const sum = (pick: (slice: Slice) => number) => group.reduce((total, slice) => total + pick(slice), 0)
  const worst = (pick: (slice: Slice) => number) => Math.max(...group.map(pick))
  return {
    second: begin + seconds / 2,
    end,
    ok: sum(({ ok }) => ok) / seconds,
    conflicts: sum(({ conflicts }) => conflicts) / seconds,
    failed: sum(({ broken, rejected }) => broken + rejected) / seconds,
    p50: worst(({ p50Ms }) => p50Ms),
    p90: worst(({ p90Ms }) => p90Ms),
    p99: worst(({ p99Ms }) => p99Ms),
    max: worst(({ maxMs }) => maxMs),
    waiting: worst(({ buyers }) => buyers),
    asked: profile && rateAt(profile, begin + seconds / 2),
  }
}
