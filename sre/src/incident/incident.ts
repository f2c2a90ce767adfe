import type { Store } from '../store/store.ts'
import { UsageError } from '../verb.ts'

export const STATUSES = ['investigating', 'identified', 'monitoring', 'resolved'] as const
export type Status = (typeof STATUSES)[number]

/** 1 is the worst, 4 the least. */
export type Severity = 1 | 2 | 3 | 4

/** Times are milliseconds since 1970; undefined: not yet. */
export interface Incident {
  number: number
  /** `INC-0001` */
  id: string
  title: string
  severity: Severity
  status: Status
  services: string[]
  commander: string | undefined
  /** the group of alerts that made it; undefined: a person did */
  cause: string | undefined
  begunAt: number
  begunBy: 'fault' | 'experiment' | 'alert' | 'person'
  detectedAt: number
  acknowledgedAt: number | undefined
  mitigatedAt: number | undefined
  resolvedAt: number | undefined
  /** when the last of its alerts resolved; undefined: some fire, or it has none */
  proposedResolutionAt: number | undefined
}

export interface IncidentFilter {
  /** only those that are not resolved */
  open?: boolean
  severity?: number
  /** only those detected since then, milliseconds since 1970 */
  sinceMs?: number
  limit?: number
}

/** Newest first. */
export function listIncidents(
  store: Store,
  { open = false, severity, sinceMs = 0, limit = -1 }: IncidentFilter = {},
): Incident[] {
  return store
    .all<IncidentRow>(
      `SELECT * FROM incidents WHERE detected_at >= ? AND (? = 0 OR status <> 'resolved') AND severity = coalesce(?, severity)
       ORDER BY number DESC LIMIT ?`,
      sinceMs,
      Number(open),
      severity ?? null,
      limit,
    )
    .map(toIncident)
}

export function findIncident(store: Store, number: number): Incident | undefined {
  const row = store.get<IncidentRow>('SELECT * FROM incidents WHERE number = ?', number)
  return row && toIncident(row)
}

/** @throws {UsageError} when there is none of this id */
export function getIncident(store: Store, id: string): Incident {
  const incident = findIncident(store, numberOf(id))
  if (incident) return incident
  throw new NoSuchIncident(`there is no incident ${idOf(numberOf(id))}`)
}

/** A number that no incident has. */
export class NoSuchIncident extends UsageError {}

/** `INC-0007` */
export function idOf(number: number): string {
  return `INC-${String(number).padStart(4, '0')}`
}

/** @param id `INC-0007`, in any case, or `7` @throws {UsageError} */
export function numberOf(id: string): number {
  const digits = /^(?:inc-)?0*([1-9]\d{0,8})$/i.exec(id)?.[1]
  if (digits === undefined) throw new UsageError(`${JSON.stringify(id)} is no incident: write INC-0001 or 1`)
  return Number(digits)
}

interface IncidentRow {
  number: number
  title: string
  severity: Severity
  status: Status
  services: string
  commander: string | null
  cause: string | null
  begun_at: number
  begun_by: Incident['begunBy']
  detected_at: number
  acknowledged_at: number | null
  mitigated_at: number | null
  resolved_at: number | null
  proposed_resolution_at: number | null
}

function toIncident(row: IncidentRow): Incident {
  return {
    number: row.number,
    id: idOf(row.number),
    title: row.title,
    severity: row.severity,
    status: row.status,
    services: JSON.parse(row.services),
    commander: row.commander ?? undefined,
    cause: row.cause ?? undefined,
    begunAt: row.begun_at,
    begunBy: row.begun_by,
    detectedAt: row.detected_at,
    acknowledgedAt: row.acknowledged_at ?? undefined,
    mitigatedAt: row.mitigated_at ?? undefined,
    resolvedAt: row.resolved_at ?? undefined,
    proposedResolutionAt: row.proposed_resolution_at ?? undefined,
  }
}
