import { findIncident, type Incident } from '../incident/incident.ts'
import type { IncidentRules } from '../incident/rules.ts'
import { addUpdate, PROGRAM } from '../incident/updates.ts'
import type { Store } from '../store/store.ts'
import { timeText } from '../text.ts'
import { type Alert, type AlertRow, type KnownAlert, nameOf, serviceOf, toAlert } from './alert.ts'
import { findIncidentFor } from './find-incident.ts'
import { proposeResolution } from './propose.ts'

export interface ReceiveDeps {
  store: Store
  rules: IncidentRules
  /** milliseconds since 1970 */
  now: number
}

export interface Received {
  /** incidents that the alerts opened */
  opened: number[]
  /** all incidents that changed, those too */
  changed: number[]
}

/**
 * Takes alerts, in whatever order and however often they come: all of them, or none. An alert that says it began later than now, as a
 * clock that is wrong does, counts from now.
 *
 * @param groupKey Alertmanager's; alerts of one group have one cause
 */
export function receiveAlerts(
  alerts: Alert[],
  { groupKey = '', source }: { groupKey?: string; source: KnownAlert['source'] },
  { store, rules, now }: ReceiveDeps,
): Received {
  return store.transaction(() => {
    const opened = new Set<number>()
    const changed = new Set<number>()
    // the first one of a cause opens its incident
    for (const alert of alerts.toSorted((a, b) => a.startsAt - b.startsAt)) {
      const known = findKnown(store, alert, source)
      if (known) {
        if (endKnown(store, known, alert)) changed.add(known.incident)
        continue
      }
      const found = findIncidentFor(alert, groupKey, { store, rules, now })
      const incident = found ?? openIncident(alert, groupKey)
      if (!found) opened.add(incident)
      changed.add(incident)
      keep(alert, incident)
      if (found) join(alert, found)
    }
    for (const incident of changed) proposeResolution(store, incident, now)
    return { opened: [...opened], changed: [...changed] }
  })

  function openIncident(alert: Alert, cause: string): number {
    const severity = rules.severityOf(alert.labels)
    const service = serviceOf(alert.labels)
    const { lastId } = store.run(
      `INSERT INTO incidents (title, severity, status, services, cause, begun_at, begun_by, detected_at)
       VALUES (?, ?, 'investigating', ?, ?, ?, 'alert', ?)`,
      nameOf(alert.labels),
      severity,
      JSON.stringify(service === undefined ? [] : [service]),
      cause,
      beginOf(alert),
      beginOf(alert),
    )
    note(lastId, 'alert', `${nameOf(alert.labels)} fires since ${timeText(beginOf(alert))}`, alert)
    return lastId
  }

  function beginOf({ startsAt }: Alert): number {
    return Math.min(startsAt, now)
  }

  function keep(alert: Alert, incident: number): void {
    store.run(
      `INSERT INTO alerts (fingerprint, starts_at, ends_at, received_at, labels, annotations, source, group_key, incident)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      alert.fingerprint,
      alert.startsAt,
      alert.endsAt ?? null,
      now,
      JSON.stringify(alert.labels),
      JSON.stringify(alert.annotations),
      source,
      groupKey,
      incident,
    )
  }

  function join(alert: Alert, number: number): void {
    const incident = findIncident(store, number) as Incident
    note(number, 'alert', `${nameOf(alert.labels)} fires too, since ${timeText(beginOf(alert))}`, alert)
    const service = serviceOf(alert.labels)
    if (service !== undefined && !incident.services.includes(service))
      store.run(
        'UPDATE incidents SET services = ? WHERE number = ?',
        JSON.stringify([...incident.services, service]),
        number,
      )
    // one that came late may have been the first
    store.run(
      `UPDATE incidents SET detected_at = min(detected_at, ?1), begun_at = min(begun_at, ?1),
         begun_by = CASE WHEN begun_at > ?1 THEN 'alert' ELSE begun_by END WHERE number = ?2`,
      beginOf(alert),
      number,
    )
    const severity = rules.severityOf(alert.labels)
    if (severity >= incident.severity || incident.status === 'resolved' || severitySetByPerson(number)) return
    store.run('UPDATE incidents SET severity = ? WHERE number = ?', severity, number)
    note(number, 'severity', `SEV${incident.severity} → SEV${severity}, because of ${nameOf(alert.labels)}`)
  }

  function severitySetByPerson(number: number): boolean {
    const sql = `SELECT 1 FROM updates WHERE incident = ? AND kind = 'severity' AND author <> ?`
    return store.get(sql, number, PROGRAM) !== undefined
  }

  function note(number: number, kind: 'alert' | 'severity', text: string, alert?: Alert): void {
    const data = alert && { fingerprint: alert.fingerprint, starts_at: alert.startsAt }
    addUpdate(store, number, { at: now, kind, author: PROGRAM, text, data })
  }
}

/** Times that were read off Prometheus' samples, and not said by Alertmanager, are this wrong at most. */
const TOLERANCE_MS = 60_000

/** The same time of the same alert, if it is known. */
function findKnown(store: Store, alert: Alert, source: KnownAlert['source']): KnownAlert | undefined {
  const row = store.get<AlertRow>(
    `SELECT * FROM alerts WHERE fingerprint = ?1
       AND (starts_at = ?2 OR 'prometheus' IN (source, ?3) AND ?2 BETWEEN starts_at - ?4 AND coalesce(ends_at, starts_at) + ?4)
     ORDER BY abs(starts_at - ?2) LIMIT 1`,
    alert.fingerprint,
    alert.startsAt,
    source,
    TOLERANCE_MS,
  )
  return row && toAlert(row)
}

/** A message that it fires may come after the one that it has ended, and changes nothing then. */
function endKnown(
  store: Store,
  { fingerprint, startsAt, endsAt: before }: KnownAlert,
  { endsAt }: Alert,
): boolean {
  if (endsAt === undefined || (before !== undefined && endsAt <= before)) return false
  const sql = 'UPDATE alerts SET ends_at = ? WHERE fingerprint = ? AND starts_at = ?'
  return store.run(sql, endsAt, fingerprint, startsAt).changes > 0
}
