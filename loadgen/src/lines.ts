import type { Outcome } from './outcome.ts'
import { LATE_MS } from './recorder.ts'
import type { Verdict } from './slo.ts'
import type { RouteSummary, Summary } from './summary.ts'

type Outcomes = Readonly<Record<Outcome, number>>

export function progressLine(elapsedS: number, outcomes: Outcomes): string {
  return `[${elapsedS}s] requests=${total(outcomes)} ${details(outcomes)}`
}

export function doneLine(outcomes: Outcomes): string {
  return `Done. total=${total(outcomes)} ${details(outcomes)}`
}

const HEAD = ['route', 'count', 'rate/s', '2xx', '409', '4xx', '5xx', 'refused', 'reset', 'timeout', 'other']
const TIMES = ['p50', 'p90', 'p99', 'p99.9', 'max ms']

/** A line for each route; what has no answer is apart from 5xx, and a sold-out event (409) apart from both. */
export function routeTable({ routes }: Summary): string[] {
  const rows = [[...HEAD, ...TIMES], ...routes.map(routeRow)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
}

/** What the generator has to say about itself: whether its figures can be trusted. */
export function generatorLines({
  generator: { cpuCores, lateShare, lateP99Ms, lateMaxMs },
}: Summary): string[] {
  const used = `The load generator used ${(cpuCores * 100).toFixed(0)} % of a core`
  if (lateMaxMs === 0) return [`${used}.`]
  const late = `${used}; buyers left late by ${lateP99Ms.toFixed(1)} ms at p99, ${lateMaxMs.toFixed(1)} ms at most.`
  if (lateShare < 0.01) return [late]
  const percent = (lateShare * 100).toFixed(1)
  return [
    late,
    `It did not keep up: ${percent} % of the buyers left more than ${LATE_MS} ms late, and that is in their latency.`,
  ]
}

/** Nothing where every buyer found a seat. */
export function soldOutLines({ soldOutShare }: Summary): string[] {
  if (soldOutShare === 0) return []
  return [
    `Sold out: ${percent(soldOutShare)} of the answers to reserve were 409, without a seat; --refill makes seats free first`,
  ]
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

export function verdictLines(verdicts: Verdict[]): string[] {
  return verdicts.map(({ objective, shown, met }) => `SLO ${objective}: ${shown}, ${met ? 'met' : 'BROKEN'}`)
}

function routeRow({ route, count, perSecond, classes, failures, ...times }: RouteSummary): string[] {
  const { refused, reset, timeout, other } = failures
  const counts = [
    classes['2xx'] + classes['3xx'],
    classes['409'],
    classes['4xx'],
    classes['5xx'],
    refused,
    reset,
    timeout,
    other,
  ]
  const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = times
  return [
    route,
    String(count),
    perSecond.toFixed(1),
    ...counts.map(String),
    ...[p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map(milliseconds),
  ]
}

export function milliseconds(ms: number): string {
  if (ms >= 100) return ms.toFixed(0)
  return ms.toFixed(ms >= 10 ? 1 : 2)
}

function details({ success, fail, sold_out }: Outcomes): string {
  const percent = (100 * fail) / Math.max(success + fail + sold_out, 1)
  return `success=${success} fail=${fail} error_rate=${percent.toFixed(1)}% sold_out=${sold_out}`
}

/** How many buyers know what became of them. */
function total({ success, fail, sold_out }: Outcomes): number {
  return success + fail + sold_out
}
