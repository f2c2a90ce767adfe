import type { Check } from '../check.ts'
import { SERVICES } from '../services.ts'

export const faultsOff: Check = {
  id: 'faults-off',
  question: 'Is no fault injected now?',
  risk: 'Buyers get errors and delays that were made on purpose.',
  weight: 3,
  fix: 'PUT an empty list to /faults of the service (docs/faults.md), or unset FAULTS',
  async run({ context: { prometheus, now } }) {
    const series = `{__name__=~"(${SERVICES.join('|')})_fault_active"}`
    const active = await prometheus.query(`max by (job, fault) (${series}) == 1`)
    const known = await prometheus.value(
      'count({__name__=~"(gateway|events|payments|notifications)_build_info"})',
    )
    if (known === undefined) {
      return { status: 'unknown', evidence: 'no service is scraped', fix: 'See services-scraped' }
    }
    return {
      status: active.length === 0 ? 'pass' : 'fail',
      evidence:
        active.map(({ labels }) => `${labels.job}: ${labels.fault}`).join(', ') ||
        'no fault_active of any service is 1',
      at: active[0]?.at ?? now(),
    }
  },
}
