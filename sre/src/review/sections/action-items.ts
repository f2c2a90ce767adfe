import { listActions } from '../../actions/actions.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { timeText } from '../../text.ts'
import type { Section } from '../section.ts'

export const actionItems: Section = {
  title: 'Action items',
  write({ context: { store }, period }) {
    const actions = listActions(store, period.toMs)
    if (actions.length === 0) return ['None is open (`npm run sre -- actions`).']
    const overdue = actions.filter((action) => action.overdue).length
    return [
      `${actions.length} are open, ${overdue} of them overdue (\`npm run sre -- actions\`).`,
      markdownTable(
        ['of', 'what', 'owner', 'due', 'priority'],
        actions.map(({ incident, text, owner, dueAt, priority, overdue }) => {
          const [day = ''] = timeText(dueAt).split(' ')
          return [incident, plain(text), plain(owner), overdue ? `**${day}**` : day, `P${priority}`]
        }),
      ),
    ]
  },
}
