import type { Store } from '../store/store.ts'

/** One time that an alert fired. Times are milliseconds since 1970. */
export interface Alert {
  /** Alertmanager's, the same for the same labels */
  fingerprint: string
  startsAt: number
  /** undefined: it fires */
  endsAt: number | undefined
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface KnownAlert extends Alert {
  receivedAt: number
  /** who told of it */
  source: 'webhook' | 'alertmanager' | 'prometheus'
  /** the number of its incident */
  incident: number
}

/** The alerts of an incident, oldest first. */
export function alertsOf(store: Store, incident: number): KnownAlert[] {
  return store
    .all<AlertRow>('SELECT * FROM alerts WHERE incident = ? ORDER BY starts_at', incident)
    .map(toAlert)
}

/** Alerts that have not ended, as far as is known. */
export function firingAlerts(store: Store): KnownAlert[] {
  return store.all<AlertRow>('SELECT * FROM alerts WHERE ends_at IS NULL ORDER BY starts_at').map(toAlert)
}

export interface AlertRow {
  fingerprint: string
  starts_at: number
  ends_at: number | null
  received_at: number
  labels: string
  annotations: string
  source: KnownAlert['source']
  incident: number
}

export function toAlert(row: AlertRow): KnownAlert {
  return {
    fingerprint: row.fingerprint,
    startsAt: row.starts_at,
    endsAt: row.ends_at ?? undefined,
    labels: JSON.parse(row.labels),
    annotations: JSON.parse(row.annotations),
    receivedAt: row.received_at,
    source: row.source,
    incident: row.incident,
  }
}

/** What an alert is about: its service, otherwise the job that Prometheus scraped, or the objective. */
export function serviceOf({ service, job, slo }: Record<string, string>): string | undefined {
  return (service || job || slo || '').slice(0, MAX_NAME) || undefined
}

/** `TargetDown payments`, cut to what one line has room for. */
export function nameOf(labels: Record<string, string>): string {
  const name = labels.alertname || 'an alert without a name'
  const about = labels.slo || serviceOf(labels)
  const text = about === undefined || about === name ? name : `${name} ${about}`
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text
}

const MAX_NAME = 160
