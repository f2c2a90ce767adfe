import type { Slo } from '@quickticket/monitoring/slo/declaration'
import type { Episode } from '../observed/episodes.ts'
import { observeAlerts, observeDeploys, observeFaults } from '../observed/episodes.ts'
import type { Prometheus } from '../prometheus.ts'
import { allowedShare } from './figures.ts'

/** What spent a budget. */
export interface Spending {
  /** at most five, the largest first */
  episodes: SpendingEpisode[]
  /** the share of the budget that was spent outside of these episodes */
  restShare: number
  /**
   * The budget by time: each minute counts alike, however many requests it had. Minutes of a total outage that spend as much.
   */
  byTime: { share: number; minutes: number }
  /** how exact begin and end are */
  stepMs: number
}

/** A time in which requests failed faster than the objective allows. */
export interface SpendingEpisode {
  /** milliseconds since 1970 */
  begin: number
  end: number
  /** it reaches the end of the window */
  goesOn: boolean
  badRequests: number
  /** of the whole budget */
  share: number
  /** alerts, deploys and faults that overlap it, in the order of their begin */
  overlaps: Episode[]
}

interface Window {
  /** since when Prometheus has seen it */
  fromMs: number
  toMs: number
  windowMs: number
  /** what the whole window has spent, which the episodes share */
  spentShare: number
  badRequests: number
}

interface Step {
  /** the end of the step */
  at: number
  bad: number
  total: number
}

const MINUTE_MS = 60_000
const SCRAPE_MS = 15_000
/** The range query's limit is 11,000 points. */
const MAX_STEPS = 9000
const LARGEST = 5
/** Bad steps with fewer good ones between them are one episode. */
const GAP_STEPS = 3
/** An alert begins after its cause, a deploy before its damage. */
const NEARBY_MS = 5 * MINUTE_MS

/** What the spent part of a budget went for, out of the counters at each step of the window. */
export async function findSpending(prometheus: Prometheus, slo: Slo, window: Window): Promise<Spending> {
  const stepMs = stepOf(window)
  const period = { fromMs: window.fromMs, toMs: window.toMs }
  const [steps, ...observed] = await Promise.all([
    readSteps(prometheus, slo, { ...period, stepMs }),
    observeAlerts(prometheus, period),
    observeDeploys(prometheus, period),
    observeFaults(prometheus, period),
  ])
  const allowed = allowedShare(slo.objective)
  const bad = steps.reduce((sum, step) => sum + step.bad, 0)
  // steps overlap by a scrape: together they count more than the window does
  const partOf = (badRequests: number) => (bad > 0 ? badRequests / bad : 0)
  const nearby = observed.flat().sort((a, b) => a.begin - b.begin)
  const episodes = groupSteps(steps, { allowed, stepMs })
    .map((group) => ({
      ...group,
      goesOn: window.toMs - group.end < 2 * stepMs,
      badRequests: partOf(group.badRequests) * window.badRequests,
      share: partOf(group.badRequests) * window.spentShare,
      overlaps: nearby.filter((episode) => overlap(episode, group)),
    }))
    .sort((a, b) => b.share - a.share)
    .slice(0, LARGEST)
  const byTimeMs = steps.reduce((sum, step) => sum + (step.total > 0 ? step.bad / step.total : 0), 0) * stepMs
  return {
    episodes,
    restShare: Math.max(0, window.spentShare - episodes.reduce((sum, { share }) => sum + share, 0)),
    byTime: { share: byTimeMs / (allowed * window.windowMs), minutes: byTimeMs / MINUTE_MS },
    stepMs,
  }
}

/** Whole minutes above the shortest, so that steps are at the same times from one call to the next. */
function stepOf({ fromMs, toMs }: Window): number {
  return Math.max(MINUTE_MS, Math.ceil((toMs - fromMs) / MAX_STEPS / MINUTE_MS) * MINUTE_MS)
}

async function readSteps(
  prometheus: Prometheus,
  slo: Slo,
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
): Promise<Step[]> {
  // one scrape more than a step: an increase between two steps belongs to one of them
  const range = `${(stepMs + SCRAPE_MS) / 1000}s`
  const increase = (selector: string) => `(sum(increase(${selector}[${range}])) or vector(0))`
  const bad = slo.bad
    ? slo.bad.map(increase).join(' + ')
    : `clamp_min(${increase(slo.total)} - ${increase(slo.good ?? '')}, 0)`
  const first = toMs - Math.floor((toMs - fromMs) / stepMs) * stepMs
  const [badSeries, totalSeries] = await Promise.all(
    [bad, increase(slo.total)].map((expr) => prometheus.range(expr, { fromMs: first, toMs, stepMs })),
  )
  const totals = new Map(totalSeries?.[0]?.points.map(({ at, value }) => [at, value]))
  return (badSeries?.[0]?.points ?? []).map(({ at, value }) => ({
    at,
    bad: value,
    total: totals.get(at) ?? 0,
  }))
}

type Group = Pick<SpendingEpisode, 'begin' | 'end' | 'badRequests'>

function groupSteps(steps: Step[], { allowed, stepMs }: { allowed: number; stepMs: number }): Group[] {
  const groups: Group[] = []
  for (const { at, bad, total } of steps) {
    if (bad <= allowed * total) continue
    const group = groups.at(-1)
    if (group && at - stepMs - group.end <= GAP_STEPS * stepMs) {
      group.end = at
      group.badRequests += bad
    } else {
      groups.push({ begin: at - stepMs, end: at, badRequests: bad })
    }
  }
  return groups
}

function overlap(episode: Episode, { begin, end }: Group): boolean {
  return episode.begin <= end + NEARBY_MS && (episode.end ?? Infinity) >= begin - NEARBY_MS
}
