import type { IncidentRules } from '../incident/rules.ts'
import type { Store } from '../store/store.ts'
import { type Alert, serviceOf } from './alert.ts'

/**
 * The number of the incident that an alert belongs to; undefined when it is a cause of its own.
 *
 * That is an open incident that has had the same alert, or one of the same group, or that is about a related service and has an
 * alert that began near it. An alert that has ended already, and so arrives late, may also belong to a resolved incident.
 *
 * @param groupKey Alertmanager's, or empty
 * @param now milliseconds since 1970: a begin that is later is taken as now
 */
export function findIncidentFor(
  alert: Alert,
  groupKey: string,
  { store, rules, now }: { store: Store; rules: IncidentRules; now: number },
): number | undefined {
  const begin = Math.min(alert.startsAt, now)
  return search(`i.status <> 'resolved'`) ?? (alert.endsAt === undefined ? undefined : search(LATE))

  function search(where: string): number | undefined {
    return (
      having(where, 'a.fingerprint = ?', alert.fingerprint) ??
      (groupKey === '' ? havingNames(where) : having(where, 'a.group_key = ?', groupKey)) ??
      findRelated(where)
    )
  }

  /** What Alertmanager groups by here; another source does not tell its key. */
  function havingNames(where: string): number | undefined {
    const { alertname = '', slo = '', service = '' } = alert.labels
    return having(where, 'a.alertname = ? AND a.slo = ? AND a.service = ?', alertname, slo, service)
  }

  function having(where: string, condition: string, ...values: string[]): number | undefined {
    return store.get<{ number: number }>(
      `SELECT a.incident AS number FROM alerts a CROSS JOIN incidents i ON i.number = a.incident
       WHERE ${condition} AND ${where} ORDER BY a.incident DESC LIMIT 1`,
      ...values,
      ...parametersOf(where),
    )?.number
  }

  function parametersOf(where: string): number[] {
    return where === LATE ? [begin, begin + rules.joinWindowMs] : []
  }

  function findRelated(where: string): number | undefined {
    const service = serviceOf(alert.labels)
    if (service === undefined) return undefined
    const related = rules.services.filter((other) => rules.areRelated(other, service))
    return store.get<{ number: number }>(
      `SELECT i.number FROM incident_services s CROSS JOIN incidents i ON i.number = s.incident
       WHERE s.service IN (SELECT value FROM json_each(?)) AND ${where} AND i.detected_at <= ?
         AND ? <= max(i.detected_at,
           coalesce((SELECT max(starts_at) FROM alerts WHERE incident = i.number AND starts_at <= ?), 0))
       ORDER BY i.number DESC LIMIT 1`,
      JSON.stringify([...new Set([service, ...related])]),
      ...parametersOf(where),
      begin + rules.joinWindowMs,
      begin - rules.joinWindowMs,
      now,
    )?.number
  }
}

const LATE = 'i.resolved_at >= ? AND i.begun_at <= ?'
