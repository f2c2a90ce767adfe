import type { Store } from '../store/store.ts'

export type UpdateKind = 'note' | 'status' | 'severity' | 'commander' | 'alert' | 'runbook' | 'proposal'

export interface Update {
  /** milliseconds since 1970 */
  at: number
  kind: UpdateKind
  author: string
  text: string
  data: unknown
}

/** Who wrote the updates that no person did. */
export const PROGRAM = 'sre'

/** Appends to an incident's timeline. */
export function addUpdate(
  store: Store,
  incident: number,
  { at, kind, author, text, data }: Omit<Update, 'data'> & { data?: unknown },
): void {
  store.run(
    'INSERT INTO updates (incident, at, kind, author, text, data) VALUES (?, ?, ?, ?, ?, ?)',
    incident,
    at,
    kind,
    author,
    text,
    data === undefined ? null : JSON.stringify(data),
  )
}

/** Oldest first. */
export function timelineOf(store: Store, incident: number): Update[] {
  return store
    .all<Omit<Update, 'data'> & { data: string | null }>(
      'SELECT at, kind, author, text, data FROM updates WHERE incident = ? ORDER BY at, id',
      incident,
    )
    .map(({ data, ...update }) => ({ ...update, data: data === null ? undefined : JSON.parse(data) }))
}
