import type { Store } from '../store/store.ts'
import { type Incident, listIncidents, type Severity } from './incident.ts'

/**
 * Means over incidents, in milliseconds; undefined without an incident that has both times.
 *
 * MTTD: from the begin to the detection, MTTA: from the detection to the acknowledgement, MTTR: from the begin to the resolution.
 *
 * @see https://www.atlassian.com/incident-management/kpis/common-metrics
 * @see https://sre.google/resources/practices-and-processes/incident-metrics-in-sre/ for what such means cannot tell
 */
export interface IncidentStats {
  /** undefined: all of them */
  severity: Severity | undefined
  incidents: number
  resolved: number
  mttdMs: number | undefined
  mttaMs: number | undefined
  mttrMs: number | undefined
  /** incidents whose begin was observed or given, and is not the detection itself; only these count for MTTD */
  withBegin: number
}

export interface StatsPeriod {
  /** milliseconds since 1970: when they were detected */
  fromMs: number
  toMs: number
}

/** For each severity that occurred, the worst first, and last for all of them. */
export function incidentStats(store: Store, { fromMs, toMs }: StatsPeriod, only?: number): IncidentStats[] {
  const incidents = listIncidents(store, {
    sinceMs: fromMs,
    ...(only !== undefined && { severity: only }),
  }).filter(({ detectedAt }) => detectedAt <= toMs)
  const severities = ([1, 2, 3, 4] as const).filter((severity) =>
    incidents.some((incident) => incident.severity === severity),
  )
  const each = severities.map((severity) => ({
    ...statsOf(incidents.filter((incident) => incident.severity === severity)),
    severity,
  }))
  return [...each, { ...statsOf(incidents), severity: undefined }]
}

function statsOf(incidents: Incident[]): Omit<IncidentStats, 'severity'> {
  const withBegin = incidents.filter(
    ({ begunBy, begunAt, detectedAt }) => begunBy !== 'alert' && begunAt < detectedAt,
  )
  return {
    incidents: incidents.length,
    resolved: incidents.filter(({ resolvedAt }) => resolvedAt !== undefined).length,
    withBegin: withBegin.length,
    mttdMs: mean(withBegin.map(({ begunAt, detectedAt }) => detectedAt - begunAt)),
    mttaMs: mean(
      incidents.map(({ detectedAt, acknowledgedAt }) => acknowledgedAt && acknowledgedAt - detectedAt),
    ),
    mttrMs: mean(incidents.map(({ begunAt, resolvedAt }) => resolvedAt && resolvedAt - begunAt)),
  }
}

function mean(values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return undefined
  return known.reduce((sum, value) => sum + value, 0) / known.length
}
