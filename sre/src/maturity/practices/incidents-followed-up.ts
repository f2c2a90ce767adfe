import { idOf } from '../../incident/incident.ts'
import type { Check } from '../../ready/check.ts'
import { lengthText } from '../../text.ts'

export const incidentsFollowedUp: Check = {
  id: 'incidents-followed-up',
  question: 'Has each resolved SEV1 or SEV2 incident an action item?',
  risk: 'What has been learned from an incident changes nothing.',
  weight: 1,
  fix: '`npm run sre -- postmortem INC-…`, then `npm run sre -- actions` (docs/sre.md)',
  run({ context: { store, now }, maxAgeMs }) {
    const incidents = store.all<{ number: number; actions: number }>(
      `SELECT number, (SELECT count(*) FROM actions WHERE incident = number) AS actions FROM incidents
        WHERE severity <= 2 AND status = 'resolved' AND resolved_at >= ? ORDER BY number`,
      now() - maxAgeMs,
    )
    if (incidents.length === 0) {
      return { status: 'not applicable', evidence: `none was resolved in the last ${lengthText(maxAgeMs)}` }
    }
    const without = incidents.filter(({ actions }) => actions === 0)
    const names = without.map(({ number }) => idOf(number))
    return {
      status: without.length === 0 ? 'pass' : 'fail',
      evidence: without.length === 0 ? `all of ${incidents.length}` : `none for ${names.join(', ')}`,
      at: now(),
    }
  },
}
