import { listIncidents } from '../../incident/incident.ts'
import type { Check } from '../../ready/check.ts'
import { lengthText } from '../../text.ts'

export const incidentsRecorded: Check = {
  id: 'incidents-recorded',
  question: 'Are incidents recorded, with the time at which a person took each over?',
  risk: 'Whether incidents become shorter is a matter of opinion.',
  weight: 1,
  fix: '`npm run sre -- serve` makes incidents of alerts; `npm run sre -- incident assign INC-… NAME` takes one over',
  run({ context: { store, now }, maxAgeMs }) {
    const incidents = listIncidents(store, { sinceMs: now() - maxAgeMs })
    const ownerless = incidents.filter(
      ({ acknowledgedAt, status }) => acknowledgedAt === undefined && status === 'resolved',
    )
    return {
      status: incidents.length > 0 && ownerless.length === 0 ? 'pass' : 'fail',
      evidence: `${incidents.length} in the last ${lengthText(maxAgeMs)}, ${ownerless.length} resolved without being taken over`,
      at: now(),
    }
  },
}
