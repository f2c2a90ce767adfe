import { harmless, lengthText, paint, table } from '../text.ts'
import type { Action } from './actions.ts'

/** @param now milliseconds since 1970 */
export function actionsText(actions: Action[], { now, colors }: { now: number; colors: boolean }): string {
  const color = paint(colors)
  if (actions.length === 0) return 'No action item is open.'
  const open = actions.filter(({ doneAt }) => doneAt === undefined)
  const overdue = open.filter((action) => action.overdue)
  const first = `${countText(open.length)} open, ${overdue.length} overdue`
  const rows = actions.map((action) => {
    const state = stateText(action, now)
    return [
      String(action.id),
      action.overdue ? color(state, 'red') : state,
      `P${action.priority}`,
      dayText(action.dueAt),
      harmless(action.owner, 40),
      action.incident,
      harmless(action.text, 100),
    ]
  })
  return [
    color(first, overdue.length > 0 ? 'red' : 'bold'),
    '',
    table([['ID', 'STATE', 'PRIORITY', 'DUE', 'OWNER', 'INCIDENT', 'ACTION'], ...rows]),
  ].join('\n')
}

/** A day in UTC. @param at milliseconds since 1970 */
export function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

function stateText({ overdue, dueAt, doneAt }: Action, now: number): string {
  if (doneAt !== undefined) return `done ${dayText(doneAt)}`
  return overdue ? `overdue ${lengthText(now - dueAt)}` : `in ${lengthText(dueAt - now)}`
}

function countText(count: number): string {
  return count === 1 ? '1 action item' : `${count} action items`
}
