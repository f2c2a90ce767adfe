import { listIncidents } from '../../incident/incident.ts'
import type { Check } from '../check.ts'

export const incidentsHandled: Check = {
  id: 'incidents-handled',
  question: 'Is no SEV1 or SEV2 incident open?',
  risk: 'Buyers are being turned away now.',
  weight: 3,
  fix: '`npm run sre -- incident list`; `npm run sre -- incident resolve INC-…` when it has ended',
  run({ context: { store, now } }) {
    const open = listIncidents(store, { open: true })
    const severe = open.filter(({ severity }) => severity <= 2)
    return {
      status: severe.length === 0 ? 'pass' : 'fail',
      evidence:
        severe.map(({ id, severity }) => `${id} SEV${severity}`).join(', ') ||
        `${open.length} are open, none of them severe`,
      at: now(),
    }
  },
}
