import { lengthText } from '../text.ts'
import type { Measured, Outcome, RunData } from './journal.ts'
import { toleranceText } from './tolerance.ts'

export interface Verdict {
  outcome: Outcome
  /** 0 to 100; undefined where nothing was judged */
  score: number | undefined
  reasons: string[]
}

/** Each part of the score counts with its weight; without an expected alert, the others share what is left. */
const WEIGHTS = { steady: 50, recovery: 30, detection: 20 }

/** Judges a run whose injections were made and rolled back, and that was not aborted. */
export function judge(data: RunData): Verdict {
  const broken = [...violationsOf(data), ...recoveryProblems(data), ...detectionProblems(data)]
  if (broken.length > 0) return { outcome: 'broken', score: scoreOf(data), reasons: broken }
  const blind = blindProbes(data)
  if (blind.length > 0) return { outcome: 'unknown', score: undefined, reasons: blind }
  return { outcome: 'held', score: scoreOf(data), reasons: [] }
}

/**
 * 100 × the weighted mean of
 * - steady (50): the share of the judged measurements during the injection that are in their tolerance; 0 after an abort limit;
 * - recovery (30): 1 when steady at the rollback, falling to 0.5 at the time limit, 0 when later or never;
 * - detection (20): 1 when the expected alert fires at once, falling to 0.5 at its limit, 0 when later or never.
 */
export function scoreOf(data: RunData, { limitPassed = false } = {}): number | undefined {
  const known = judgedDuring(data).filter(({ ok }) => ok !== null)
  const parts: { weight: number; value: number }[] = []
  if (limitPassed) parts.push({ weight: WEIGHTS.steady, value: 0 })
  else if (known.length > 0) {
    parts.push({ weight: WEIGHTS.steady, value: known.filter(({ ok }) => ok).length / known.length })
  }
  if (data.rollbackAt !== undefined) {
    parts.push({ weight: WEIGHTS.recovery, value: inTime(recoveryMsOf(data), data.recoveryMs) })
  }
  if (data.detection) {
    parts.push({ weight: WEIGHTS.detection, value: inTime(detectionMsOf(data), data.detection.withinMs) })
  }
  const weight = parts.reduce((sum, part) => sum + part.weight, 0)
  if (weight === 0) return undefined
  const points = parts.reduce((sum, part) => sum + part.weight * part.value, 0)
  return Math.round((points / weight) * 1000) / 10
}

/** From the rollback until everything was steady again; undefined: it was not, within the limit. */
export function recoveryMsOf({ rollbackAt, steadyAt }: RunData): number | undefined {
  return rollbackAt === undefined || steadyAt === undefined ? undefined : Math.max(steadyAt - rollbackAt, 0)
}

/** From the first injection until the expected alert fired. */
export function detectionMsOf({ injectedAt, detectedAt }: RunData): number | undefined {
  return injectedAt === undefined || detectedAt === undefined ? undefined : detectedAt - injectedAt
}

/** The measurements that decide whether the hypothesis holds during the injection. */
function judgedDuring(data: RunData): Measured[] {
  const names = judgedProbes(data).map(({ name }) => name)
  return data.measured.filter(({ probe, phase }) => phase === 'during' && names.includes(probe))
}

function judgedProbes({ hypothesis, probes, strategy }: RunData) {
  return [
    ...(strategy === 'continuously' ? hypothesis : []),
    ...probes.filter(({ tolerance }) => tolerance !== null),
  ]
}

function violationsOf(data: RunData): string[] {
  const judged = judgedDuring(data)
  return judgedProbes(data).flatMap(({ name, tolerance }) => {
    const own = judged.filter(({ probe, ok }) => probe === name && ok !== null)
    const out = own.filter(({ ok }) => ok === false)
    const [first] = out
    if (!first || tolerance === null) return []
    const allowed = toleranceText(tolerance)
    return [
      `during: ${name} out of tolerance ${out.length} of ${own.length} times: ${first.value}, allowed ${allowed}`,
    ]
  })
}

function recoveryProblems(data: RunData): string[] {
  if (data.steadyAt !== undefined) return []
  const last = data.hypothesis.flatMap(({ name }) => {
    const measured = data.measured.findLast(({ probe, phase }) => probe === name && phase === 'after')
    return measured && measured.ok !== true ? [`${name} ${measured.value ?? measured.error}`] : []
  })
  const limit = lengthText(data.recoveryMs)
  return [`after: not steady within ${limit} of the rollback${last.length > 0 ? `: ${last.join(', ')}` : ''}`]
}

function detectionProblems(data: RunData): string[] {
  if (!data.detection) return []
  const { alert, withinMs } = data.detection
  const ms = detectionMsOf(data)
  if (ms !== undefined && ms <= withinMs) return []
  return [`detection: the alert ${alert} did not fire within ${lengthText(withinMs)}`]
}

/** Probes that had no value during the whole injection. */
function blindProbes(data: RunData): string[] {
  const judged = judgedDuring(data)
  return judgedProbes(data).flatMap(({ name }) => {
    const own = judged.filter(({ probe }) => probe === name)
    if (own.some(({ ok }) => ok !== null)) return []
    return [`during: ${name} could not be measured: ${own.at(-1)?.error ?? 'there was no time for it'}`]
  })
}

function inTime(ms: number | undefined, limitMs: number): number {
  if (ms === undefined || ms > limitMs) return 0
  return limitMs === 0 ? 1 : 1 - ms / limitMs / 2
}
