import { computeCapacity } from '../../capacity/plan.ts'
import { PRICES_FILE, readPrices } from '../../capacity/prices.ts'
import type { Check } from '../../ready/check.ts'
import { lengthText } from '../../text.ts'

export const capacityAhead: Check = {
  id: 'capacity-ahead',
  question: 'Is it forecast that no limit is reached within the same time again?',
  risk: 'The system grows into a limit that could be seen coming.',
  weight: 1,
  fix: '`npm run sre -- capacity` says which limit, and what to ask for; a forecast needs a tenth of the time as history',
  async run({ context, maxAgeMs }) {
    const prices = readPrices(PRICES_FILE)
    const plan = await computeCapacity(context, { horizonMs: maxAgeMs, windowMs: maxAgeMs, prices })
    const { firstByTime, aheadMs } = plan
    if (firstByTime)
      return { status: 'fail', evidence: `${firstByTime.name} reaches its limit`, at: plan.now }
    const far = `the forecast reaches ${lengthText(aheadMs)} ahead`
    if (aheadMs < maxAgeMs) return { status: 'unknown', evidence: `${far}, not ${lengthText(maxAgeMs)}` }
    return { status: 'pass', evidence: far, at: plan.now }
  },
}
