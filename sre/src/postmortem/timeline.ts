import { alertsOf, type KnownAlert, nameOf } from '../alerts/alert.ts'
import type { Incident } from '../incident/incident.ts'
import { PROGRAM, timelineOf } from '../incident/updates.ts'
import type { Episode, Period } from '../observed/episodes.ts'
import type { Store } from '../store/store.ts'
import { lengthText } from '../text.ts'

export interface Entry {
  /** milliseconds since 1970 */
  at: number
  kind: 'incident' | 'alert' | 'deploy' | 'fault' | 'update' | 'runbook' | 'experiment'
  /** as others wrote it: to be escaped */
  text: string
}

export interface StoredRun {
  id: number
  name: string
  outcome: string
  mode: string
  startedAt: number
  endedAt: number | undefined
}

/** An alert that Prometheus saw is the one that was received when they began this close to each other. */
const SAME_ALERT_MS = 2 * 60_000

/** Everything that happened, oldest first. People appear by their role. */
export function buildTimeline(
  store: Store,
  incident: Incident,
  { episodes, period }: { episodes: Episode[]; period: Period },
): Entry[] {
  const alerts = alertsOf(store, incident.number)
  const entries = [
    ...milestonesOf(incident),
    ...alerts.flatMap(alertEntries),
    ...episodes.filter((episode) => !isReceived(episode, alerts)).flatMap(episodeEntries),
    ...updateEntries(store, incident),
    ...runsOf(store, incident.number).flatMap((run) => runEntries(store, run)),
    ...experimentEntries(store, period),
  ]
  return entries.sort((a, b) => a.at - b.at)
}

export function runsOf(store: Store, incident: number): StoredRun[] {
  const rows = store.all<{
    id: number
    name: string
    outcome: string | null
    mode: string
    started_at: number
    ended_at: number | null
  }>('SELECT * FROM runbook_runs WHERE incident = ? ORDER BY started_at', incident)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    outcome: row.outcome ?? 'has no end',
    mode: row.mode,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
  }))
}

function milestonesOf(incident: Incident): Entry[] {
  const { begunAt, begunBy, detectedAt, acknowledgedAt, mitigatedAt, resolvedAt } = incident
  const moments: [number | undefined, string][] = [
    [begunAt, `It begins (known from: ${begunBy})`],
    [detectedAt, `Detected after ${lengthText(detectedAt - begunAt)}`],
    [acknowledgedAt, 'Acknowledged'],
    [mitigatedAt, 'Mitigated'],
    [resolvedAt, `Resolved after ${lengthText((resolvedAt ?? 0) - begunAt)}`],
  ]
  return moments.flatMap(([at, text]) => (at === undefined ? [] : [{ at, kind: 'incident', text }]))
}

function alertEntries({ startsAt, endsAt, labels }: KnownAlert): Entry[] {
  const name = nameOf(labels)
  return [
    { at: startsAt, kind: 'alert', text: `${name} fires` },
    ...(endsAt === undefined ? [] : [{ at: endsAt, kind: 'alert' as const, text: `${name} has resolved` }]),
  ]
}

function isReceived(episode: Episode, alerts: KnownAlert[]): boolean {
  if (episode.kind !== 'alert') return false
  return alerts.some(
    ({ labels, startsAt, endsAt }) =>
      labels.alertname === episode.name &&
      (labels.slo ?? '') === (episode.labels.slo ?? '') &&
      episode.begin >= startsAt - SAME_ALERT_MS &&
      episode.begin <= (endsAt ?? Infinity) + SAME_ALERT_MS,
  )
}

function episodeEntries({ kind, name, service, begin, end, labels }: Episode): Entry[] {
  const of = service === '' ? '' : ` (${service})`
  const [first, last] = {
    alert: [`${name}${of} fires`, `${name}${of} has resolved`],
    deploy: [
      `${service}: version ${name} replaces ${labels.from}`,
      labels.aborted === 'true' ? `${service}: version ${name} is taken back` : '',
    ],
    fault: [`${service}: fault ${name} is injected`, `${service}: fault ${name} is gone`],
  }[kind] as [string, string]
  return [
    { at: begin, kind, text: first },
    ...(end !== undefined && last !== '' ? [{ at: end, kind, text: last }] : []),
  ]
}

function updateEntries(store: Store, { number, commander }: Incident): Entry[] {
  return timelineOf(store, number).flatMap(({ at, kind, author, text }) => {
    // the alerts and the runs themselves are in the timeline
    if (kind === 'alert' || kind === 'runbook') return []
    if (kind === 'commander') return [{ at, kind: 'update', text: 'A commander is named' }]
    const role = author === PROGRAM ? PROGRAM : author === commander ? 'commander' : 'responder'
    return [{ at, kind: 'update', text: `${text} (${role})` }]
  })
}

function runEntries(store: Store, { id, name, mode, outcome, startedAt, endedAt }: StoredRun): Entry[] {
  const steps = store.all<{ number: number; started_at: number; outcome: string | null; script: string }>(
    'SELECT number, started_at, outcome, script FROM runbook_steps WHERE run = ? ORDER BY number',
    id,
  )
  return [
    { at: startedAt, kind: 'runbook', text: `${name} begins, ${mode}` },
    ...steps.map(({ number, started_at, outcome: ended, script }) => ({
      at: started_at,
      kind: 'runbook' as const,
      text: `${name}, step ${number} ${ended ?? 'has no end'}: ${script.split('\n')[0]}`,
    })),
    ...(endedAt === undefined
      ? []
      : [{ at: endedAt, kind: 'runbook' as const, text: `${name} ends: ${outcome}` }]),
  ]
}

function experimentEntries(store: Store, { fromMs, toMs }: Period): Entry[] {
  const rows = store.all<{
    name: string
    started_at: number
    ended_at: number | null
    outcome: string | null
  }>(
    'SELECT name, started_at, ended_at, outcome FROM experiments WHERE started_at <= ? AND coalesce(ended_at, started_at) >= ?',
    toMs,
    fromMs,
  )
  return rows.flatMap(({ name, started_at, ended_at, outcome }) => [
    { at: started_at, kind: 'experiment' as const, text: `${name} begins` },
    ...(ended_at === null
      ? []
      : [{ at: ended_at, kind: 'experiment' as const, text: `${name} ends: ${outcome ?? 'interrupted'}` }]),
  ])
}
