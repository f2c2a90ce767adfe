import type { KnownAlert } from '../alerts/alert.ts'
import { nameOf } from '../alerts/alert.ts'
import { harmless, lengthText, paint, table, timeText } from '../text.ts'
import type { Details } from './details.ts'
import type { Incident } from './incident.ts'
import type { IncidentStats } from './stats.ts'

const STATUS_COLORS = {
  investigating: 'red',
  identified: 'yellow',
  monitoring: 'yellow',
  resolved: 'green',
} as const

interface Shown {
  /** milliseconds since 1970 */
  now: number
  colors: boolean
}

/** One line for each incident. */
export function listText(incidents: Incident[], { now, colors }: Shown): string {
  if (incidents.length === 0) return 'No incidents.'
  const color = paint(colors)
  return table([
    ['ID', 'SEV', 'STATUS', 'BEGAN', 'TOOK', 'COMMANDER', 'SERVICES', 'TITLE'],
    ...incidents.map((incident) => [
      incident.id,
      String(incident.severity),
      color(statusOf(incident), STATUS_COLORS[incident.status]),
      timeText(incident.begunAt),
      lengthText((incident.resolvedAt ?? now) - incident.begunAt),
      harmless(incident.commander ?? '-', 20),
      harmless(incident.services.join(', ') || '-', 40),
      harmless(incident.title, 60),
    ]),
  ])
}

function statusOf({ status, proposedResolutionAt }: Incident): string {
  return status !== 'resolved' && proposedResolutionAt !== undefined ? `${status}, alerts are over` : status
}

/** What it is, how long each part took, its alerts and its timeline. */
export function showText({ incident, alerts, timeline }: Details, { now, colors }: Shown): string {
  const color = paint(colors)
  const { id, title, severity, status, services, commander, begunAt, detectedAt } = incident
  const since = (label: string, at: number | undefined, from: number, name: string) => [
    label,
    at === undefined ? 'not yet' : timeText(at),
    at === undefined ? '' : `${lengthText(Math.max(at - from, 0))} ${name}`,
  ]
  const times = table([
    ['began', timeText(begunAt), `as ${BEGUN_BY[incident.begunBy]}`],
    since('detected', detectedAt, begunAt, 'after the begin'),
    since('acknowledged', incident.acknowledgedAt, detectedAt, 'after the detection'),
    since('mitigated', incident.mitigatedAt, begunAt, 'after the begin'),
    since('resolved', incident.resolvedAt, begunAt, 'after the begin'),
  ])
  return [
    color(`${id}  SEV${severity}  ${harmless(title)}`, 'bold'),
    `${color(status, STATUS_COLORS[status])} for ${lengthText((incident.resolvedAt ?? now) - begunAt)}; ` +
      `commander: ${harmless(commander ?? 'none')}; affected: ${harmless(services.join(', ') || 'not said')}`,
    ...nextStep(incident, alerts),
    '',
    times,
    ...(alerts.length === 0 ? [] : ['', 'Alerts', alertsText(alerts)]),
    '',
    'Timeline',
    table(
      timeline.map(({ at, kind, author, text }) => [
        `  ${timeText(at)}`,
        kind,
        harmless(author, 20),
        harmless(text),
      ]),
    ),
  ].join('\n')
}

const BEGUN_BY: Record<Incident['begunBy'], string> = {
  fault: 'a fault was injected, by the metrics of its service',
  experiment: 'an experiment injected it',
  alert: 'the first alert fired; it may have begun earlier',
  person: 'a person said',
}

function nextStep({ id, status, commander, proposedResolutionAt }: Incident, alerts: KnownAlert[]): string[] {
  const command = (verb: string) => `npm run sre -- incident ${verb} ${id}`
  if (status === 'resolved') {
    const firing = alerts.filter(({ endsAt }) => endsAt === undefined).length
    return firing === 0 ? [] : [`${firing} of its alerts still ${firing === 1 ? 'fires' : 'fire'}.`]
  }
  if (proposedResolutionAt !== undefined)
    return [
      `Its alerts are over since ${timeText(proposedResolutionAt)}. When it is fixed: ${command('resolve')}`,
    ]
  return commander === undefined ? [`It has no commander yet: ${command('assign')} NAME`] : []
}

function alertsText(alerts: KnownAlert[]): string {
  return table(
    alerts.map(({ labels, startsAt, endsAt }) => [
      `  ${harmless(nameOf(labels), 80)}`,
      harmless(labels.severity ?? '', 20),
      `${timeText(startsAt)} –`,
      endsAt === undefined ? 'fires' : timeText(endsAt),
    ]),
  )
}

/** What a change did, in one line. */
export function changedText({ id, severity, status, title, commander }: Incident): string {
  const led = commander === undefined ? '' : `, led by ${harmless(commander)}`
  return `${id} is ${status}, SEV${severity}${led}: ${harmless(title)}`
}

/** A row for each severity, and one for all. */
export function statsText(stats: IncidentStats[], window: string): string {
  const all = stats.at(-1)
  if (!all || all.incidents === 0) return `No incident was detected in the last ${window}.`
  const length = (ms: number | undefined) => (ms === undefined ? '-' : lengthText(ms))
  const rows = stats.map(({ severity, incidents, resolved, mttdMs, mttaMs, mttrMs }) => [
    severity === undefined ? 'all' : `SEV${severity}`,
    String(incidents),
    String(resolved),
    length(mttdMs),
    length(mttaMs),
    length(mttrMs),
  ])
  return [
    `Incidents that were detected in the last ${window}`,
    '',
    table([['', 'INCIDENTS', 'RESOLVED', 'MTTD', 'MTTA', 'MTTR'], ...rows]),
    '',
    'MTTD: begin to detection, MTTA: detection to acknowledgement, MTTR: begin to resolution.',
    `MTTD is over the ${all.withBegin} of ${all.incidents} whose begin is known, and not only their detection.`,
  ].join('\n')
}
