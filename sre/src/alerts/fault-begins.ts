import type { Prometheus, Series } from '../prometheus.ts'

export interface FaultBegin {
  service: string
  /** the fault, such as `status` */
  name: string
  /** milliseconds since 1970 */
  at: number
}

/** Longer than two scrapes, and than one that failed. */
const PAUSE_MS = 60_000

/**
 * When the services began to report faults, newest first. A fault began in the middle between the first scrape that saw it and the
 * scrape before, so that the time is wrong by half a scrape interval at most.
 *
 * @throws {CannotTell} when Prometheus does not answer
 */
export async function readFaultBegins(
  prometheus: Prometheus,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<FaultBegin[]> {
  // from before the begin, to see what was there already
  const period = { fromMs: fromMs - PAUSE_MS, toMs }
  const series = await prometheus.samples('{__name__=~"[a-z]+_fault_active"}', period)
  const firsts = series.flatMap(({ labels, points }) =>
    beginsOf(points)
      .filter((at) => at >= fromMs)
      .map((at) => ({ labels, at })),
  )
  const begins = await Promise.all(
    firsts.map(async ({ labels, at }) => ({
      service: labels.job ?? '',
      name: labels.fault ?? '',
      at: await between(prometheus, labels, at),
    })),
  )
  return begins.sort((a, b) => b.at - a.at)
}

/** Where the value became 1. */
function beginsOf(points: Series['points']): number[] {
  return points
    .filter(({ at, value }, index) => {
      const before = points[index - 1]
      return value === 1 && (before === undefined || before.value !== 1 || at - before.at > PAUSE_MS)
    })
    .map(({ at }) => at)
}

async function between(
  prometheus: Prometheus,
  { job = '', instance = '' }: Record<string, string>,
  firstMs: number,
): Promise<number> {
  const selector = `up{job=${JSON.stringify(job)}, instance=${JSON.stringify(instance)}}`
  const scrapes = await prometheus.samples(selector, { fromMs: firstMs - PAUSE_MS, toMs: firstMs })
  const before = scrapes.flatMap(({ points }) => points).findLast(({ at }) => at < firstMs)
  return before === undefined ? firstMs : Math.round((before.at + firstMs) / 2)
}
