import type { PlotMark } from '../plot/marks.ts'
import { type PlotSeries, renderTimePlot } from '../plot/time-plot.ts'
import { lengthText, timeText } from '../text.ts'
import type { Measured, Run, WrittenProbe } from './journal.ts'
import { outcomeText } from './run-text.ts'
import { summarizeProbes } from './summary.ts'
import { limitOf } from './tolerance.ts'
import { detectionMsOf, recoveryMsOf } from './verdict.ts'

/** What a report says, apart from its format. All texts are plain. */
export interface Report {
  title: string
  outcome: string
  held: boolean
  reasons: string[]
  description: string
  facts: [string, string][]
  /** the first row is the head */
  probes: string[][]
  plots: { name: string; svg: string }[]
  score: string
}

/** A run as a document: the hypothesis with its stamp, the values in the three phases, the score, a plot for each probe. */
export function buildReport(run: Run): Report {
  const { data } = run
  return {
    title: data.title,
    outcome: outcomeText(run),
    held: run.outcome === 'held',
    reasons: data.reasons,
    description: data.description,
    facts: factsOf(run),
    probes: [
      ['Probe', 'What is measured', 'Allowed', 'Before', 'During', 'After'],
      ...summarizeProbes(data).map(({ name, what, allowed, before, during, after }) => [
        name,
        what,
        allowed,
        before,
        during,
        after,
      ]),
    ],
    plots: groupsOf([...data.hypothesis, ...data.probes, ...data.abort]).flatMap((group) =>
      plotOf(run, group),
    ),
    score:
      'The score is the weighted mean of: the share of the judged measurements during the injection that are allowed (50); the ' +
      'recovery, 1 when steady at the rollback, falling to 0.5 at its time limit, 0 when later (30); with an expected alert, the ' +
      'detection in the same way (20).',
  }
}

function factsOf({ id, name, file, hypothesis, stampedAt, data }: Run): [string, string][] {
  const facts: [string, string][] = [
    ['Hypothesis', hypothesis],
    ['Written', `${timeText(stampedAt)}, before anything was injected`],
    ['Experiment', `${name}, ${file}, run ${id} on ${data.system}`],
    ...data.actions.map(({ what }): [string, string] => ['Injected', what]),
  ]
  if (data.injectedAt === undefined || data.rollbackAt === undefined) return facts
  const recoveryMs = recoveryMsOf(data)
  const detectionMs = detectionMsOf(data)
  facts.push([
    'Injection',
    `${timeText(data.injectedAt)}, for ${lengthText(data.rollbackAt - data.injectedAt)}`,
  ])
  if (data.detection) {
    const { alert, withinMs } = data.detection
    const said = detectionMs === undefined ? 'it did not fire' : `fired after ${lengthText(detectionMs)}`
    facts.push(['Detection', `${alert}, within ${lengthText(withinMs)}: ${said}`])
  }
  const limit = `limit ${lengthText(data.recoveryMs)}`
  facts.push([
    'Recovery',
    recoveryMs === undefined
      ? `not steady in time (${limit})`
      : `${lengthText(recoveryMs)} after the rollback began (${limit})`,
  ])
  return facts
}

/** Probes that measure the same, with different tolerances, share a plot. */
function groupsOf(probes: WrittenProbe[]): WrittenProbe[][] {
  return [...new Set(probes.map(({ what }) => what))].map((what) =>
    probes.filter((each) => each.what === what),
  )
}

/** None for probes that have no numbers. */
function plotOf(run: Run, group: WrittenProbe[]): Report['plots'] {
  const series = group
    .map(({ name }): PlotSeries => {
      return { name, points: run.data.measured.filter(({ probe }) => probe === name).flatMap(pointOf) }
    })
    .filter(({ points }) => points.length > 1)
  const [first] = group
  if (series.length === 0 || !first) return []
  const all = run.data.measured.map(({ at }) => at)
  const tolerances = new Set(group.map(({ tolerance }) => JSON.stringify(tolerance)))
  const limit = first.tolerance && tolerances.size === 1 ? limitOf(first.tolerance) : undefined
  const svg = renderTimePlot({
    title: first.what,
    unit: '',
    fromMs: Math.min(run.stampedAt, ...all),
    toMs: Math.max(...all),
    series,
    marks: marksOf(run),
    ...(limit && { limit }),
  })
  return [{ name: first.what, svg }]
}

/** A text counts by the number that it begins with, such as `503 payments_unavailable`. */
function pointOf({ at, value }: Measured): { at: number; value: number }[] {
  if (typeof value === 'boolean') return [{ at, value: value ? 1 : 0 }]
  const number = typeof value === 'string' ? Number.parseFloat(value) : (value ?? NaN)
  return Number.isFinite(number) ? [{ at, value: number }] : []
}

function marksOf({ stampedAt, data }: Run): PlotMark[] {
  const { injectedAt, rollbackAt, steadyAt, detectedAt, detection } = data
  const marks: PlotMark[] = [{ at: stampedAt, label: 'hypothesis written', kind: 'update' }]
  if (injectedAt !== undefined && rollbackAt !== undefined) {
    marks.push({ at: injectedAt, end: rollbackAt, label: 'injected', kind: 'experiment' })
  }
  if (detectedAt !== undefined && detection) {
    marks.push({ at: detectedAt, label: detection.alert, kind: 'alert' })
  }
  if (steadyAt !== undefined) marks.push({ at: steadyAt, label: 'steady again', kind: 'update' })
  return marks
}
