import { type Incident, listIncidents } from '../../incident/incident.ts'
import { type IncidentStats, incidentStats } from '../../incident/stats.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { lengthText, timeText } from '../../text.ts'
import type { Section } from '../section.ts'

const STATS = ['severity', 'incidents', 'resolved', 'MTTD', 'MTTA', 'MTTR']
const COLUMNS = [
  'incident',
  'severity',
  'began',
  'what',
  'to detection',
  'to acknowledgement',
  'to resolution',
]

export const incidents: Section = {
  title: 'Incidents',
  write({ context: { store }, period }) {
    const all = listIncidents(store, { sinceMs: period.fromMs })
    if (all.length === 0) {
      return [
        'None is recorded (`npm run sre -- incident list`). They are made by `npm run sre -- serve`, of alerts.',
      ]
    }
    return [
      markdownTable(STATS, incidentStats(store, period).map(statsRow)),
      markdownTable(COLUMNS, all.map(incidentRow)),
      'MTTD counts those whose begin is known apart from their alert. Source: `npm run sre -- incident stats`.',
    ]
  },
}

function statsRow({ severity, incidents, resolved, mttdMs, mttaMs, mttrMs }: IncidentStats): string[] {
  const means = [mttdMs, mttaMs, mttrMs].map((ms) => (ms === undefined ? 'not known' : lengthText(ms)))
  return [severity === undefined ? 'all' : `SEV${severity}`, String(incidents), String(resolved), ...means]
}

function incidentRow(incident: Incident): string[] {
  const { id, severity, begunAt, title, detectedAt, acknowledgedAt, resolvedAt, status } = incident
  const after = (from: number, to: number | undefined, otherwise: string) =>
    to === undefined ? otherwise : lengthText(Math.max(to - from, 0))
  return [
    id,
    `SEV${severity}`,
    timeText(begunAt),
    plain(title),
    after(begunAt, detectedAt, ''),
    after(detectedAt, acknowledgedAt, 'not yet'),
    after(begunAt, resolvedAt, status),
  ]
}
