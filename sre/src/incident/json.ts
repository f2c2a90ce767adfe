import type { KnownAlert } from '../alerts/alert.ts'
import type { Details } from './details.ts'
import type { Incident } from './incident.ts'
import type { IncidentStats } from './stats.ts'
import type { Update } from './updates.ts'

/** For programs: times are ISO 8601, null is not yet. */
export function incidentJson(incident: Incident) {
  return {
    id: incident.id,
    title: incident.title,
    severity: incident.severity,
    status: incident.status,
    services: incident.services,
    commander: incident.commander ?? null,
    begun_at: iso(incident.begunAt),
    begun_by: incident.begunBy,
    detected_at: iso(incident.detectedAt),
    acknowledged_at: iso(incident.acknowledgedAt),
    mitigated_at: iso(incident.mitigatedAt),
    resolved_at: iso(incident.resolvedAt),
    proposed_resolution_at: iso(incident.proposedResolutionAt),
  }
}

/** The same with its alerts and its timeline. */
export function detailedJson({ incident, alerts, timeline }: Details) {
  return {
    ...incidentJson(incident),
    alerts: alerts.map(alertJson),
    timeline: timeline.map(updateJson),
  }
}

/** Lengths are in seconds; null: there is nothing to take the mean of, or all severities. */
export function statsJson({
  severity,
  incidents,
  resolved,
  withBegin,
  mttdMs,
  mttaMs,
  mttrMs,
}: IncidentStats) {
  return {
    severity: severity ?? null,
    incidents,
    resolved,
    with_begin: withBegin,
    mttd_seconds: seconds(mttdMs),
    mtta_seconds: seconds(mttaMs),
    mttr_seconds: seconds(mttrMs),
  }
}

function alertJson({ fingerprint, startsAt, endsAt, receivedAt, source, labels, annotations }: KnownAlert) {
  return {
    fingerprint,
    starts_at: iso(startsAt),
    ends_at: iso(endsAt),
    received_at: iso(receivedAt),
    source,
    labels,
    annotations,
  }
}

function updateJson({ at, ...update }: Update) {
  return { at: iso(at), ...update }
}

function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000
}
