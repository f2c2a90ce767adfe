import { alertsOf, type KnownAlert } from '../alerts/alert.ts'
import type { Store } from '../store/store.ts'
import { getIncident, type Incident } from './incident.ts'
import { timelineOf, type Update } from './updates.ts'

/** All that is known about one incident. */
export interface Details {
  incident: Incident
  alerts: KnownAlert[]
  timeline: Update[]
}

/** @throws {UsageError} when there is none of this id */
export function readDetails(store: Store, id: string): Details {
  const incident = getIncident(store, id)
  const { number } = incident
  return { incident, alerts: alertsOf(store, number), timeline: timelineOf(store, number) }
}
