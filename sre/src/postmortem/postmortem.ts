import { type Action, listActions } from '../actions/actions.ts'
import { alertsOf, type KnownAlert } from '../alerts/alert.ts'
import type { Context } from '../context.ts'
import type { Incident } from '../incident/incident.ts'
import { readObjectives } from '../objectives.ts'
import {
  type Episode,
  observeAlerts,
  observeDeploys,
  observeFaults,
  type Period,
} from '../observed/episodes.ts'
import { type Findings, findFindings } from './findings.ts'
import { computeImpact, type Impact, known } from './impact.ts'
import { drawPlots, type Plot } from './plots.ts'
import { buildTimeline, type Entry, runsOf } from './timeline.ts'

/** Everything that is known about an incident. */
export interface Postmortem {
  incident: Incident
  madeAt: number
  /** from the begin to the resolution; until now while it is open */
  period: Period
  summary: string | undefined
  impact: Impact
  alerts: KnownAlert[]
  /** deploys and faults that began shortly before it, or during it; undefined: Prometheus could not tell */
  triggers: Episode[] | undefined
  /** alerts that Prometheus saw begin during it, received or not */
  observedAlerts: Episode[]
  timeline: Entry[]
  findings: Findings
  plots: Plot[]
  actions: Action[]
  /** what could not be found out */
  missing: string[]
}

const MINUTE_MS = 60_000
/** What changed this long before is worth a look. */
const TRIGGER_MS = 30 * MINUTE_MS

export interface PostmortemOptions {
  summary?: string | undefined
  /** the mean value of an order */
  orderCents?: number | undefined
}

/** What Prometheus cannot tell is missing, and said; the document comes nevertheless. */
export async function writePostmortem(
  { prometheus, store, now }: Pick<Context, 'prometheus' | 'store' | 'now'>,
  incident: Incident,
  { summary, orderCents }: PostmortemOptions = {},
): Promise<Postmortem> {
  const madeAt = now()
  const begin = incident.begunAt
  const period = { fromMs: begin, toMs: Math.max(incident.resolvedAt ?? madeAt, begin + 1000) }
  const around = surroundingsOf(period, madeAt)
  const [impact, observed] = await Promise.all([
    computeImpact({ prometheus, now }, readObjectives(), period, { orderCents }),
    known(async () =>
      (
        await Promise.all([
          observeAlerts(prometheus, around),
          observeDeploys(prometheus, { ...around, fromMs: begin - TRIGGER_MS }),
          observeFaults(prometheus, around),
        ])
      )
        .flat()
        .sort((a, b) => a.begin - b.begin),
    ),
  ])
  const episodes = observed.value ?? []
  const plots = await drawPlots(prometheus, around, { begin, end: period.toMs, episodes })
  const alerts = alertsOf(store, incident.number)
  const runs = runsOf(store, incident.number)
  return {
    incident,
    madeAt,
    period,
    summary,
    impact,
    alerts,
    triggers: observed.value?.filter(
      (episode) =>
        episode.kind !== 'alert' && episode.begin >= begin - TRIGGER_MS && episode.begin <= period.toMs,
    ),
    observedAlerts: episodes.filter(
      ({ kind, begin: at }) => kind === 'alert' && at >= period.fromMs && at <= period.toMs,
    ),
    timeline: buildTimeline(store, incident, { episodes, period: around }),
    findings: findFindings({ incident, alerts, runs, impact }),
    plots,
    actions: listActions(store, madeAt, { incident: incident.number, all: true }),
    missing: missingOf(impact, observed.missing),
  }
}

/** Some time before and after it, to see what was usual. */
function surroundingsOf({ fromMs, toMs }: Period, now: number): Period {
  const padMs = Math.max(10 * MINUTE_MS, (toMs - fromMs) / 4)
  return { fromMs: fromMs - padMs, toMs: Math.min(toMs + padMs, Math.max(now, toMs)) }
}

function missingOf(
  { requests, turnedAway, orders, money, outage, budgets }: Impact,
  episodes: string | undefined,
): string[] {
  const figures: [string, string | undefined][] = [
    ['Alerts, deploys and faults that Prometheus saw', episodes],
    ['Requests failed', requests.missing],
    ['Buyers turned away', turnedAway.missing],
    ['Orders not made', orders.missing],
    ['Money not made', money.missing],
    ['Time without any gateway', outage.missing],
    ...budgets.map(({ slo, spent }): [string, string | undefined] => [`Budget of ${slo}`, spent.missing]),
  ]
  return figures.flatMap(([figure, missing]) => (missing === undefined ? [] : [`${figure}: ${missing}`]))
}
