import { getIncident } from '../incident/incident.ts'
import { UsageError, type Verb } from '../verb.ts'
import { addAction, completeAction, listActions } from './actions.ts'
import { actionsText } from './text.ts'

const SUBCOMMANDS = ['add', 'done', 'list']

export const verb: Verb = {
  usage: `npm run sre -- actions [INC-0001] [--all]
npm run sre -- actions add INC-0001 TEXT --owner NAME --due 2026-12-05 --priority P1
npm run sre -- actions done ID

The action items of all incidents, or of one: overdue first, then by due date. The exit code is 1 when one is overdue.
An item without an owner, a due date and a priority is refused.

  --all         also those that are done
  --owner NAME  who does it: a person or a team
  --due DAY     its end in UTC is the last moment that is in time
  --priority P  P0 (most urgent) to P3`,
  options: {
    all: { type: 'boolean' },
    owner: { type: 'string' },
    due: { type: 'string' },
    priority: { type: 'string' },
  },

  async run({ store, now, colors }, { values, positionals }) {
    const [first = 'list', ...rest] = positionals
    if (first === 'add') {
      const [id, ...words] = rest
      if (id === undefined) throw new UsageError('actions add needs an incident and a text')
      const action = addAction(
        store,
        {
          incident: getIncident(store, id).number,
          text: words.join(' '),
          owner: textOf(values.owner),
          due: textOf(values.due),
          priority: textOf(values.priority),
        },
        now(),
      )
      return {
        ok: true,
        text: `Action item ${action.id} of ${action.incident} is written down.`,
        json: action,
      }
    }
    if (first === 'done') {
      if (rest.length !== 1) throw new UsageError('actions done needs one number')
      const action = completeAction(store, rest[0] ?? '', now())
      return { ok: true, text: `Action item ${action.id} of ${action.incident} is done.`, json: action }
    }
    const [id, ...more] = first === 'list' ? rest : positionals
    if (more.length > 0) {
      throw new UsageError(
        `"${positionals.join(' ')}": actions takes ${SUBCOMMANDS.join(', ')} or one incident`,
      )
    }
    const actions = listActions(store, now(), {
      all: values.all === true,
      ...(id !== undefined && { incident: getIncident(store, id).number }),
    })
    return {
      ok: !actions.some(({ overdue }) => overdue),
      text: actionsText(actions, { now: now(), colors }),
      json: actions,
    }
  },
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
