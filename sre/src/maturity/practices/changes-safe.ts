import { REPOSITORY } from '../../context.ts'
import { computeDora } from '../../dora/compute.ts'
import type { Check } from '../../ready/check.ts'
import { percentText } from '../../text.ts'

export const changesSafe: Check = {
  id: 'changes-safe',
  question: 'Is the change failure rate better than in the lowest band of DORA?',
  risk: 'Each release is a coin that is tossed.',
  weight: 1,
  fix: 'Smaller changes, behind a canary (lab 7); `npm run sre -- dora` lists those that failed',
  async run({ context, maxAgeMs }) {
    const { failureRate } = await computeDora(context, { windowMs: maxAgeMs, repository: REPOSITORY })
    const { value, band, n } = failureRate
    const at = context.now()
    if (value === undefined) return { status: 'fail', evidence: 'no change was seen', at }
    return {
      status: band === 'low' ? 'fail' : 'pass',
      evidence: `${percentText(value, 1)} of ${n} changes, band ${band}`,
      at,
    }
  },
}
