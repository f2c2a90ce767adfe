import { idOf } from '../incident/incident.ts'
import type { Store } from '../store/store.ts'
import { UsageError } from '../verb.ts'

/** What an incident taught to do. Times are milliseconds since 1970. */
export interface Action {
  id: number
  /** `INC-0001` */
  incident: string
  text: string
  owner: string
  /** the last moment that is in time */
  dueAt: number
  /** 0 is the most urgent, 3 the least */
  priority: number
  createdAt: number
  doneAt: number | undefined
  overdue: boolean
}

export interface ActionFilter {
  incident?: number
  /** also those that are done */
  all?: boolean
}

/** Overdue ones first, the longest overdue at the top; then by due date and priority; those that are done at the end. */
export function listActions(
  store: Store,
  now: number,
  { incident, all = false }: ActionFilter = {},
): Action[] {
  return store
    .all<ActionRow>(
      `SELECT * FROM actions WHERE incident = coalesce(?, incident) AND (? OR done_at IS NULL)
       ORDER BY done_at IS NOT NULL, due_at, priority, id`,
      incident ?? null,
      Number(all),
    )
    .map((row) => toAction(row, now))
}

export interface NewAction {
  incident: number
  text: string
  owner: string | undefined
  /** a day, such as `2026-12-05`, whose end in UTC is the last moment */
  due: string | undefined
  /** `P0` to `P3` */
  priority: string | undefined
}

/** @throws {UsageError} when it has no text, owner, due date or priority, or one of them is wrong */
export function addAction(store: Store, action: NewAction, now: number): Action {
  const text = action.text.trim()
  const owner = action.owner?.trim()
  if (text === '') throw new UsageError('the text of the action item is missing')
  if (!owner) throw new UsageError('an action item without an owner is not done: --owner NAME')
  const { lastId } = store.run(
    'INSERT INTO actions (incident, text, owner, due_at, priority, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    action.incident,
    text,
    owner,
    endOfDay(action.due),
    readPriority(action.priority),
    now,
  )
  return getAction(store, lastId, now)
}

/** Done twice is done at the first time. @throws {UsageError} when there is none of this id */
export function completeAction(store: Store, id: string, now: number): Action {
  if (!/^\d{1,9}$/.test(id)) throw new UsageError(`${JSON.stringify(id)} is no action item: write its number`)
  getAction(store, Number(id), now)
  store.run('UPDATE actions SET done_at = ? WHERE id = ? AND done_at IS NULL', now, Number(id))
  return getAction(store, Number(id), now)
}

function getAction(store: Store, id: number, now: number): Action {
  const row = store.get<ActionRow>('SELECT * FROM actions WHERE id = ?', id)
  if (row) return toAction(row, now)
  throw new UsageError(`there is no action item ${id}`)
}

function endOfDay(day: string | undefined): number {
  if (day === undefined) throw new UsageError('an action item needs a due date: --due 2026-12-05')
  const at = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T23:59:59.999Z`) : Number.NaN
  // 2026-02-30 is read as a day in March
  if (Number.isFinite(at) && new Date(at).toISOString().startsWith(day)) return at
  throw new UsageError(`--due=${JSON.stringify(day)} must be a day such as 2026-12-05`)
}

function readPriority(text: string | undefined): number {
  const digit = /^p?([0-3])$/i.exec(text ?? '')?.[1]
  if (digit !== undefined) return Number(digit)
  throw new UsageError(`--priority=${JSON.stringify(text ?? '')} must be P0 (most urgent), P1, P2 or P3`)
}

interface ActionRow {
  id: number
  incident: number
  text: string
  owner: string
  due_at: number
  priority: number
  created_at: number
  done_at: number | null
}

function toAction(row: ActionRow, now: number): Action {
  return {
    id: row.id,
    incident: idOf(row.incident),
    text: row.text,
    owner: row.owner,
    dueAt: row.due_at,
    priority: row.priority,
    createdAt: row.created_at,
    doneAt: row.done_at ?? undefined,
    overdue: row.done_at === null && row.due_at < now,
  }
}
