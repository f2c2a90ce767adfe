import { type KnownAlert, nameOf } from '../alerts/alert.ts'
import type { Incident } from '../incident/incident.ts'
import { lengthText, percentText } from '../text.ts'
import type { Impact } from './impact.ts'
import type { StoredRun } from './timeline.ts'

/** What is measurable of how it went. Sentences; names in them are to be escaped. */
export interface Findings {
  well: string[]
  wrong: string[]
}

interface Evidence {
  incident: Incident
  alerts: KnownAlert[]
  runs: StoredRun[]
  impact: Impact
}

const MINUTE_MS = 60_000
const DETECTED_MS = 5 * MINUTE_MS
const ACKNOWLEDGED_MS = 15 * MINUTE_MS
/** The best band of https://dora.dev for the time to restore. */
const RESTORED_MS = 60 * MINUTE_MS
const MANY_ALERTS = 10

/** Compares what was measured with what is expected; every expectation is in the sentence. */
export function findFindings(evidence: Evidence): Findings {
  const { incident, alerts, runs, impact } = evidence
  const findings: Findings = { well: [], wrong: [] }
  const say = (good: boolean, sentence: string) => findings[good ? 'well' : 'wrong'].push(sentence)
  const within = (limitMs: number, what: string, ms: number | undefined) => {
    if (ms === undefined) return
    const good = ms <= limitMs
    say(good, `${what} after ${lengthText(ms)}, ${good ? 'within' : 'later than'} ${lengthText(limitMs)}.`)
  }
  const since = (at: number | undefined, from: number) => (at === undefined ? undefined : at - from)

  within(DETECTED_MS, 'Detected', incident.detectedAt - incident.begunAt)
  if (alerts.length === 0) say(false, 'No alert opened it: a person noticed.')
  within(ACKNOWLEDGED_MS, 'Acknowledged', since(incident.acknowledgedAt, incident.detectedAt))
  if (incident.acknowledgedAt === undefined) say(false, 'It was not acknowledged.')
  within(RESTORED_MS, 'Over', since(incident.mitigatedAt ?? incident.resolvedAt, incident.begunAt))
  if (incident.commander === undefined) say(false, 'It had no commander.')
  for (const sentence of alertsWithoutRunbook(alerts)) say(false, sentence)
  if (alerts.length > MANY_ALERTS) {
    say(false, `${alerts.length} alerts fired for one cause; more than ${MANY_ALERTS} hide each other.`)
  }
  for (const { name, outcome } of runs) {
    say(outcome === 'completed', `The runbook ${name} was run: ${outcome}.`)
  }
  if (runs.length === 0) say(false, 'No runbook was run.')
  for (const { slo, spent } of impact.budgets) {
    if (spent.value === undefined) continue
    const { left, share } = spent.value
    const sentence =
      left > 0
        ? `${percentText(left)} of the budget of ${slo} was left at the end.`
        : `The budget of ${slo} was used up at the end.`
    if (share > 0 || left <= 0) say(left > 0, sentence)
  }
  const { downMs = 0, blindMs = 0 } = impact.outage.value ?? {}
  if (downMs > MINUTE_MS) {
    say(false, `For ${lengthText(downMs)} no gateway was up: what buyers met then is not counted.`)
  }
  if (blindMs > MINUTE_MS) say(false, `For ${lengthText(blindMs)} Prometheus itself saw nothing.`)
  return findings
}

function alertsWithoutRunbook(alerts: KnownAlert[]): string[] {
  const names = alerts
    .filter(({ annotations }) => !annotations.runbook_url && !annotations.runbook)
    .map(({ labels }) => nameOf(labels))
  return [...new Set(names)].map((name) => `The alert ${name} names no runbook.`)
}
