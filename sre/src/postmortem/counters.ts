import type { Period } from '../observed/episodes.ts'
import type { Prometheus, Series } from '../prometheus.ts'
import { CannotTell } from '../verb.ts'

/** What counters counted in a period. */
export interface Counted {
  count: number
  bySeries: { labels: Record<string, string>; count: number }[]
  /** milliseconds between the first and the last sample that were used */
  seenMs: number
  /** milliseconds since 1970 */
  firstAt: number
}

/** A series without a sample for this long is gone, as Prometheus has it by default. */
const LOOKBACK_MS = 5 * 60_000
/** Longer than the time between two scrapes. */
const LOOKAHEAD_MS = 60_000
const PIECE_MS = 6 * 3_600_000

/**
 * How much counters rose in a period, from the samples as they were scraped: from the last one at or before the begin to the first one
 * at or after the end. `increase()` extrapolates to the borders of its range and so answers fractions; this does not. A counter that
 * falls began again at 0 (a restart). A counter that appears while its job is already watched began at 0 too.
 *
 * @param selectors of counters, without functions; what they count is added up
 * @throws {CannotTell} when Prometheus does not answer, or has no sample
 */
export async function countRise(
  prometheus: Prometheus,
  selectors: string[],
  period: Period,
): Promise<Counted> {
  const [watchedSince, ...found] = await Promise.all([
    watchedJobs(prometheus, period),
    ...selectors.map((selector) => samplesOf(prometheus, selector, period)),
  ])
  const rises = found.flat().flatMap(({ labels, points }) => {
    const rise = riseOf(points, period, watchedSince.get(labels.job ?? ''))
    return rise ? [{ labels, ...rise }] : []
  })
  if (rises.length === 0) {
    throw new CannotTell('Prometheus has no sample of that time', selectors.join(' or '))
  }
  const firstAt = Math.min(...rises.map(({ first }) => first))
  const lastAt = Math.max(...rises.map(({ last }) => last))
  return {
    count: rises.reduce((sum, { count }) => sum + count, 0),
    bySeries: rises.map(({ labels, count }) => ({ labels, count })),
    seenMs: lastAt - firstAt,
    firstAt,
  }
}

function riseOf(
  points: Series['points'],
  { fromMs, toMs }: Period,
  watchedSince: number | undefined,
): { count: number; first: number; last: number } | undefined {
  const before = points.findLastIndex(({ at }) => at <= fromMs)
  const after = points.findIndex(({ at }) => at >= toMs)
  const used = points.slice(Math.max(before, 0), after < 0 ? undefined : after + 1)
  const [first, last] = [used[0], used.at(-1)]
  if (!first || !last || last.at < fromMs) return undefined
  const isNew = before < 0 && watchedSince !== undefined && watchedSince < first.at
  let previous = isNew ? 0 : first.value
  let count = 0
  for (const { value } of used) {
    count += value < previous ? value : value - previous
    previous = value
  }
  return { count, first: first.at, last: last.at }
}

/** The samples as they were scraped, with some before and after the period. */
async function samplesOf(
  prometheus: Prometheus,
  selector: string,
  { fromMs, toMs }: Period,
): Promise<Series[]> {
  const byLabels = new Map<string, Series>()
  const end = toMs + LOOKAHEAD_MS
  for (let begin = fromMs - LOOKBACK_MS; begin < end; begin += PIECE_MS) {
    const piece = { fromMs: begin, toMs: Math.min(begin + PIECE_MS, end) }
    for (const series of await prometheus.samples(selector, piece)) {
      const key = JSON.stringify(Object.entries(series.labels).sort())
      const known = byLabels.get(key)
      if (known) known.points.push(...series.points)
      else byLabels.set(key, series)
    }
  }
  return [...byLabels.values()]
}

/** Since when each job was scraped, by its name. */
async function watchedJobs(prometheus: Prometheus, { fromMs, toMs }: Period): Promise<Map<string, number>> {
  const rangeMs = toMs - fromMs + LOOKBACK_MS
  const stepMs = Math.max(15_000, Math.ceil(rangeMs / 2000 / 1000) * 1000)
  const expr = `min by (job) (min_over_time(timestamp(up)[${rangeMs}ms:${stepMs}ms]))`
  const found = await prometheus.query(expr, toMs)
  return new Map(found.map(({ labels, value }) => [labels.job ?? '', value * 1000]))
}
