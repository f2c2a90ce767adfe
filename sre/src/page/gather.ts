import { type BudgetAnswer, computeBudgets } from '../budget/compute.ts'
import type { Context } from '../context.ts'
import { type Incident, listIncidents } from '../incident/incident.ts'
import { timelineOf, type Update } from '../incident/updates.ts'
import { readObjectives } from '../objectives.ts'
import { type Episode, observeAlerts, observeDeploys, observeFaults } from '../observed/episodes.ts'
import type { PlotPoint } from '../plot/layout.ts'
import { computeReadiness, type Readiness } from '../ready/readiness.ts'

/** A part of the page, or why it cannot be shown: one that is missing does not hide the others. */
export type Part<T> = { value: T } | { missing: string }

export interface Objective {
  answer: BudgetAnswer
  /** the share of the budget that was left, over the last day */
  trend: PlotPoint[]
  /** the query of the trend */
  query: string
}

export interface OpenIncident {
  incident: Incident
  timeline: Update[]
}

export interface PageData {
  /** milliseconds since 1970 */
  at: number
  objectives: Part<Objective[]>
  open: Part<OpenIncident[]>
  resolved: Part<Incident[]>
  alerts: Part<Episode[]>
  faults: Part<Episode[]>
  deploys: Part<Episode[]>
  readiness: Part<Readiness>
}

const DAY_MS = 86_400_000
const TREND_STEP_MS = 600_000
const MAX_PROOF_AGE_MS = 30 * DAY_MS
const SHOWN_RESOLVED = 10

/** Everything that the page shows, as it is now. */
export async function gatherPage(context: Context): Promise<PageData> {
  const { prometheus, store } = context
  const at = context.now()
  const lastDay = { fromMs: at - DAY_MS, toMs: at }
  const [objectives, open, resolved, alerts, faults, deploys, readiness] = await Promise.all([
    part(() => gatherObjectives(context, at)),
    part(async () =>
      listIncidents(store, { open: true }).map((incident) => ({
        incident,
        timeline: timelineOf(store, incident.number),
      })),
    ),
    part(async () =>
      listIncidents(store, { sinceMs: at - 30 * DAY_MS })
        .filter(({ status }) => status === 'resolved')
        .slice(0, SHOWN_RESOLVED),
    ),
    part(() => observeAlerts(prometheus, lastDay)),
    part(() => observeFaults(prometheus, lastDay)),
    part(() => observeDeploys(prometheus, { fromMs: at - 7 * DAY_MS, toMs: at })),
    part(() => computeReadiness(context, { maxAgeMs: MAX_PROOF_AGE_MS })),
  ])
  return { at, objectives, open, resolved, alerts, faults, deploys, readiness }
}

async function gatherObjectives({ prometheus, now }: Context, at: number): Promise<Objective[]> {
  const answers = await computeBudgets({ prometheus, now }, readObjectives())
  return Promise.all(
    answers.map(async (answer) => {
      const query = `slo:error_budget_remaining:ratio{slo="${answer.slo.name}"}`
      const [series] = await prometheus.range(query, { fromMs: at - DAY_MS, toMs: at, stepMs: TREND_STEP_MS })
      return { answer, query, trend: series?.points ?? [] }
    }),
  )
}

async function part<T>(read: () => Promise<T>): Promise<Part<T>> {
  try {
    return { value: await read() }
  } catch (error) {
    return { missing: (error as Error).message }
  }
}
