import type { Prometheus } from '../prometheus.ts'

export interface Period {
  /** milliseconds since 1970 */
  fromMs: number
  toMs: number
}

export type Labels = Record<string, string>

/** A time in which Prometheus saw a series without a pause. */
export interface Run {
  labels: Labels
  begin: number
  /** undefined: it reaches the end of the period, and goes on */
  end: number | undefined
}

/** The range query's limit is 11,000 points; a scrape takes place every 15 seconds, or more often. */
const MAX_POINTS = 10_000
const FINEST_MS = 15_000
/** Without a sample for this long, a series has ended: alerts are evaluated every minute, and a scrape may fail. */
const PAUSE_MS = 90_000

/**
 * When the series of an expression were there. A period that is too long for a point every 15 seconds is looked through as finely,
 * step by step: what is shorter than a step is found as well, and its times are as exact.
 */
export async function readRuns(prometheus: Prometheus, expr: string, period: Period): Promise<Run[]> {
  const { fromMs, toMs } = period
  const stepMs = Math.max(FINEST_MS, Math.ceil((toMs - fromMs) / MAX_POINTS / FINEST_MS) * FINEST_MS)
  const finest = `${FINEST_MS / 1000}s`
  // one more, because a step does not have its begin
  const range = { fromMs: toMs - Math.ceil((toMs - fromMs) / stepMs) * stepMs, toMs, stepMs }
  const cells = `(timestamp(${expr}))[${stepMs / 1000}s:${finest}]`
  const [firsts, lasts, there] = await Promise.all([
    prometheus.range(`min_over_time(${cells})`, range),
    prometheus.range(`max_over_time(${cells})`, range),
    prometheus.query(expr, toMs),
  ])
  const goingOn = new Set(there.map(({ labels }) => keyOf(labels)))
  const lastOf = new Map(lasts.map(({ labels, points }) => [keyOf(labels), points]))
  return firsts.flatMap(({ labels, points }) => {
    const key = keyOf(labels)
    const ends = lastOf.get(key) ?? []
    const seen = points.map(({ value }, index) => ({
      first: value * 1000,
      last: (ends[index]?.value ?? value) * 1000,
    }))
    // the first step may begin before the period
    const joined = joinSeen(seen.filter(({ last }) => last >= fromMs))
    return joined.map(({ first, last }, index) => ({
      labels,
      begin: Math.max(first, fromMs),
      end: index === joined.length - 1 && goingOn.has(key) ? undefined : last,
    }))
  })
}

interface Seen {
  first: number
  last: number
}

function joinSeen(seen: Seen[]): Seen[] {
  const joined: Seen[] = []
  for (const { first, last } of seen) {
    const run = joined.at(-1)
    if (run && first - run.last <= PAUSE_MS) run.last = Math.max(run.last, last)
    else joined.push({ first, last })
  }
  return joined
}

/** A function of PromQL drops the name of a series, a selector does not. */
function keyOf({ __name__: _, ...labels }: Labels): string {
  return JSON.stringify(Object.entries(labels).sort())
}
