import { readPolicies } from '../../gate/policies.ts'
import { UsageError } from '../../verb.ts'
import type { Check } from '../check.ts'

export const releasePolicies: Check = {
  id: 'release-policies',
  question: 'Is it written down, and valid, when a release is halted?',
  risk: 'Whether to release into a bad day is argued about while it gets worse.',
  weight: 1,
  fix: 'Repair sre/policies.yaml: `npm run sre -- gate` names the field that is wrong',
  run({ context: { now } }) {
    try {
      const policies = [...readPolicies().services].map(([service, { name }]) => `${service} ${name}`)
      return { status: 'pass', evidence: policies.join(', '), at: now() }
    } catch (error) {
      if (error instanceof UsageError) return { status: 'fail', evidence: error.message, at: now() }
      throw error
    }
  },
}
