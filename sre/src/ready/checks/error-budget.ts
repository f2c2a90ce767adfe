import { decideGate } from '../../gate/decide.ts'
import { UsageError } from '../../verb.ts'
import type { Check, Finding } from '../check.ts'

export const errorBudget: Check = {
  id: 'error-budget',
  question: 'Would the gate let a release pass now?',
  risk: 'A release now makes a system worse that is not well.',
  weight: 3,
  fix: '`npm run sre -- gate` lists what halts it, `npm run sre -- budget` what spent the budget',
  async run({ context }): Promise<Finding> {
    try {
      const { decision, policy, conditions, at } = await decideGate(context)
      const open = conditions.filter(({ result }) => result !== 'pass')
      const listed = open.map(({ name, evidence }) => `${name}: ${evidence}`).join('; ')
      if (decision === 'allowed') {
        return {
          status: 'pass',
          evidence: `allowed by the policy ${policy}, ${conditions.length} conditions`,
          at,
        }
      }
      return { status: decision === 'unknown' ? 'unknown' : 'fail', evidence: `${decision}: ${listed}`, at }
    } catch (error) {
      // the check of the policies says what is wrong with them
      if (error instanceof UsageError) return { status: 'unknown', evidence: error.message }
      throw error
    }
  },
}
