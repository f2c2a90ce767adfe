import type { Durations } from './histogram.ts'
import { FAILURES, type Failure, type Outcome } from './outcome.ts'
import type { Recorder, Slice } from './recorder.ts'

export interface Latencies {
  count: number
  perSecond: number
  p50Ms: number
  p90Ms: number
  p99Ms: number
  p999Ms: number
  maxMs: number
}

export interface RouteSummary extends Latencies {
  route: string
  /** answers by class, and 409 (sold out) apart from the other 4xx */
  classes: Record<'2xx' | '3xx' | '409' | '4xx' | '5xx', number>
  failures: Record<Failure, number>
  statuses: Record<string, number>
}

export interface Summary {
  seconds: number
  /** what became of the buyers, as the lab counts it: a share of failed ones from 0 to 1 */
  buyers: Record<Outcome, number> & { errorRate: number }
  /** every request; broken are 5xx and those without a complete answer */
  all: Latencies & { brokenRate: number }
  /** of the answers to reserve those that were 409, a share from 0 to 1: cheaper for the system than a sale */
  soldOutShare: number
  routes: RouteSummary[]
  slices: readonly Slice[]
  generator: {
    /** 1: one core all the time */
    cpuCores: number
    /** buyers who were sent off later than due by more than {@link LATE_MS} */
    lateShare: number
    lateP99Ms: number
    lateMaxMs: number
  }
}

const RESERVE = 'POST /events/{id}/reserve'
const ROUTE_ORDER = ['GET /events', RESERVE, 'DELETE /reserve/{id}', 'POST /reserve/{id}/pay']

export function summarize(recorder: Recorder, seconds: number, cpuSeconds: number): Summary {
  const routes = [...recorder.routes.values()]
    .sort((a, b) => ROUTE_ORDER.indexOf(a.route) - ROUTE_ORDER.indexOf(b.route))
    .map(({ route, durations, statuses, failures }): RouteSummary => {
      const classes = { '2xx': 0, '3xx': 0, '409': 0, '4xx': 0, '5xx': 0 }
      for (const [status, count] of statuses) classes[classOf(status)] += count
      return {
        route,
        ...latencies(durations, seconds),
        classes,
        failures: { ...failures },
        statuses: Object.fromEntries(statuses),
      }
    })
  const broken = routes.reduce((sum, route) => sum + brokenOf(route), 0)
  const reserve = routes.find(({ route }) => route === RESERVE)
  const { success, fail, sold_out } = recorder.outcomes
  const { late } = recorder
  return {
    seconds,
    buyers: { success, fail, sold_out, errorRate: fail / Math.max(success + fail + sold_out, 1) },
    all: { ...latencies(recorder.all, seconds), brokenRate: broken / Math.max(recorder.all.count(), 1) },
    soldOutShare: (reserve?.classes['409'] ?? 0) / Math.max(reserve?.count ?? 0, 1),
    routes,
    slices: recorder.slices,
    generator: {
      cpuCores: cpuSeconds / seconds,
      lateShare: recorder.lateCount() / Math.max(late.count(), 1),
      lateP99Ms: late.at(99),
      lateMaxMs: late.max(),
    },
  }
}

/** 5xx, and no complete answer. */
export function brokenOf({ classes, failures }: Pick<RouteSummary, 'classes' | 'failures'>): number {
  return FAILURES.reduce((sum, failure) => sum + failures[failure], classes['5xx'])
}

function latencies(durations: Durations, seconds: number): Latencies {
  return {
    count: durations.count(),
    perSecond: durations.count() / Math.max(seconds, 0.001),
    p50Ms: durations.at(50),
    p90Ms: durations.at(90),
    p99Ms: durations.at(99),
    p999Ms: durations.at(99.9),
    maxMs: durations.max(),
  }
}

function classOf(status: number): keyof RouteSummary['classes'] {
  if (status === 409) return '409'
  if (status >= 500) return '5xx'
  if (status >= 400) return '4xx'
  return status >= 300 ? '3xx' : '2xx'
}
