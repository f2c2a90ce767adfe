import type { Store } from '../store/store.ts'
import { UsageError } from '../verb.ts'
import {
  findIncident,
  type Incident,
  idOf,
  NoSuchIncident,
  type Severity,
  STATUSES,
  type Status,
} from './incident.ts'
import { addUpdate } from './updates.ts'

/** A change that the incident's state does not allow. */
export class IllegalChange extends UsageError {}

/** Who changes something, and when: milliseconds since 1970. */
export interface Change {
  author: string
  now: number
}

export interface NewIncident {
  title: string
  severity: Severity
  services: string[]
  /** milliseconds since 1970; by default now */
  begunAt?: number
  commander?: string
}

/** Writes down what a person found. */
export function createIncident(store: Store, given: NewIncident, { author, now }: Change): Incident {
  return store.transaction(() => {
    const { lastId } = store.run(
      `INSERT INTO incidents (title, severity, status, services, begun_at, begun_by, detected_at)
       VALUES (?, ?, 'investigating', ?, ?, 'person', ?)`,
      given.title,
      given.severity,
      JSON.stringify([...new Set(given.services)]),
      given.begunAt ?? now,
      now,
    )
    addUpdate(store, lastId, { at: now, kind: 'status', author, text: 'opened: investigating' })
    if (given.commander !== undefined) assign(store, lastId, given.commander, { author, now })
    return reread(store, lastId)
  })
}

/** Names the commander, which acknowledges the incident. @throws {IllegalChange} */
export function assign(store: Store, number: number, commander: string, { author, now }: Change): Incident {
  return store.transaction(() => {
    const incident = reread(store, number)
    if (incident.status === 'resolved') throw resolved(incident)
    store.run('UPDATE incidents SET commander = ? WHERE number = ?', commander, number)
    acknowledge(store, number, now)
    const before = incident.commander === undefined ? '' : `, before: ${incident.commander}`
    addUpdate(store, number, { at: now, kind: 'commander', author, text: `commander: ${commander}${before}` })
    return reread(store, number)
  })
}

export interface Report {
  status?: Status
  severity?: Severity
  note?: string
  /** services that are affected too */
  services?: string[]
}

/**
 * Says what has become known. What a person writes acknowledges the incident. A note may be added after the resolution too.
 *
 * @throws {IllegalChange} says which statuses are allowed
 */
export function report(store: Store, number: number, given: Report, { author, now }: Change): Incident {
  return store.transaction(() => {
    const incident = reread(store, number)
    const { status, severity, note, services = [] } = given
    if (incident.status === 'resolved' && (status ?? severity ?? services[0]) !== undefined)
      throw resolved(incident)
    if (status !== undefined) move(store, incident, status, { author, now })
    if (severity !== undefined && severity !== incident.severity) {
      store.run('UPDATE incidents SET severity = ? WHERE number = ?', severity, number)
      const text = `SEV${incident.severity} → SEV${severity}`
      addUpdate(store, number, { at: now, kind: 'severity', author, text })
    }
    const added = services.filter((service) => !incident.services.includes(service))
    if (added.length > 0) {
      const all = JSON.stringify([...incident.services, ...new Set(added)])
      store.run('UPDATE incidents SET services = ? WHERE number = ?', all, number)
      addUpdate(store, number, { at: now, kind: 'note', author, text: `affected too: ${added.join(', ')}` })
    }
    if (note !== undefined) addUpdate(store, number, { at: now, kind: 'note', author, text: note })
    if (incident.status !== 'resolved') acknowledge(store, number, now)
    return reread(store, number)
  })
}

/** @throws {IllegalChange} when it is resolved already */
export function resolve(
  store: Store,
  number: number,
  { note, ...change }: Change & { note?: string },
): Incident {
  return report(store, number, { status: 'resolved', ...(note !== undefined && { note }) }, change)
}

function move(store: Store, incident: Incident, status: Status, { author, now }: Change): void {
  if (status === incident.status) {
    const allowed = STATUSES.filter((other) => other !== status).join(', ')
    throw new IllegalChange(`${incident.id} is ${status} already; it can become ${allowed}`)
  }
  store.run(
    `UPDATE incidents SET status = ?1,
       mitigated_at = CASE ?1 WHEN 'monitoring' THEN ?2 WHEN 'resolved' THEN mitigated_at END,
       resolved_at = CASE WHEN ?1 = 'resolved' THEN ?2 END
     WHERE number = ?3`,
    status,
    now,
    incident.number,
  )
  addUpdate(store, incident.number, {
    at: now,
    kind: 'status',
    author,
    text: `${incident.status} → ${status}`,
  })
}

function resolved({ id }: Incident): IllegalChange {
  return new IllegalChange(
    `${id} is resolved and stays so; a note can be added, and incident new opens another one`,
  )
}

function acknowledge(store: Store, number: number, now: number): void {
  store.run(
    'UPDATE incidents SET acknowledged_at = coalesce(acknowledged_at, ?) WHERE number = ?',
    now,
    number,
  )
}

function reread(store: Store, number: number): Incident {
  const incident = findIncident(store, number)
  if (!incident) throw new NoSuchIncident(`there is no incident ${idOf(number)}`)
  return incident
}
