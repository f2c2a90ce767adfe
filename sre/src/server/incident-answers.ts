import { type Details, readDetails } from '../incident/details.ts'
import { idOf, listIncidents, numberOf } from '../incident/incident.ts'
import { incidentJson } from '../incident/json.ts'
import { createMemory } from './memory.ts'
import type { ReopenedStore } from './reopened-store.ts'

const LISTED = 200
/** Open incidents whose details are kept in memory. */
const KEPT = 20

/** What the server says about incidents; while the database cannot be read, what was read last. */
export interface IncidentAnswers {
  /** Newest first. @throws {CannotTell} when it cannot be read, and never was */
  list(): ReturnType<typeof incidentJson>[]
  /** @throws {NoSuchIncident} */
  one(id: string): Details
  /** What an answer says of the database that it comes from. */
  database(): { works: boolean; reason: string | null }
  /** Reads what is kept in memory. @throws {CannotTell} */
  refresh(): void
}

export function createIncidentAnswers(store: ReopenedStore): IncidentAnswers {
  const memory = createMemory()
  const list = () =>
    memory.read('list', () =>
      listIncidents(store, { limit: LISTED }).map((incident) => incidentJson(incident)),
    )
  const one = (id: string) => memory.read(idOf(numberOf(id)), () => readDetails(store, id))
  return {
    list,
    one,
    database: () => ({ works: store.trouble() === undefined, reason: store.trouble() ?? null }),
    refresh() {
      list()
      for (const { id } of listIncidents(store, { open: true, limit: KEPT })) one(id)
    },
  }
}
