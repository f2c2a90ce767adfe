import { listActions } from '../../actions/actions.ts'
import { harmless } from '../../text.ts'
import type { Check } from '../check.ts'

const SHOWN = 3

export const actionsOnTime: Check = {
  id: 'actions-on-time',
  question: 'Is no action item of a postmortem overdue?',
  risk: 'The same incident comes again.',
  weight: 2,
  fix: '`npm run sre -- actions`: do it, or agree on another date',
  run({ context: { store, now } }) {
    const open = listActions(store, now())
    const overdue = open.filter((action) => action.overdue)
    const listed = overdue
      .slice(0, SHOWN)
      .map(({ text, owner }) => `${harmless(text, 60)} (${harmless(owner, 30)})`)
    return {
      status: overdue.length === 0 ? 'pass' : 'fail',
      evidence:
        overdue.length === 0
          ? `${open.length} are open, none of them overdue`
          : `${overdue.length}: ${listed.join(', ')}`,
      at: now(),
    }
  },
}
