import { kneeText, latestKnee } from '../../capacity/knee.ts'
import type { Check } from '../check.ts'

export const capacityKnown: Check = {
  id: 'capacity-known',
  question: 'Has the load at which the system breaks been measured?',
  risk: 'The first sale that is too large finds the limit.',
  weight: 2,
  fix: 'Measure it: `npm run load -- --until-breaks --json`, then `npm run sre -- capacity` (docs/sre.md)',
  run({ context: { store, now }, maxAgeMs }) {
    const knee = latestKnee(store)
    if (!knee) return { status: 'fail', evidence: 'no measurement is recorded', at: now() }
    const ageMs = now() - knee.measuredAt
    return { status: ageMs <= maxAgeMs ? 'pass' : 'fail', evidence: kneeText(knee), at: knee.measuredAt }
  },
}
