import { UsageError } from '../verb.ts'
import { type Condition, checkBudgets, checkCondition, type GateSource } from './conditions.ts'
import { activeOverride, type Override } from './override.ts'
import { type Policies, type Policy, readPolicies } from './policies.ts'

/** The answer of `gate --json` and of `GET /gate`. Fields are added to it, and never changed: pipelines read it. */
export interface GateAnswer {
  service: string
  /** whether a pipeline may go on: `allowed` or `overridden` */
  allowed: boolean
  /** `unknown`: no condition says no, and at least one could not be found out */
  decision: 'allowed' | 'halted' | 'overridden' | 'unknown'
  policy: string
  /** milliseconds since 1970 */
  at: number
  conditions: Condition[]
  /** what the policy asks for when little of a budget is left */
  actions: string[]
  override: Override | undefined
  mayOverride: string[]
}

/**
 * Whether a service may be released now. Rejects only when the question is wrong: what cannot be found out is a condition that is
 * `unknown`.
 *
 * @throws {UsageError} when the policies have no such service, or are wrong
 */
export async function decideGate(
  source: GateSource,
  service = 'all',
  policies: Policies = readPolicies(),
): Promise<GateAnswer> {
  const policy = policyOf(policies, service)
  const [budgets, ...others] = await Promise.all([
    checkBudgets(source, policy),
    ...policy.conditions.map((name) => checkCondition(source, name)),
  ])
  const conditions = [...budgets, ...others]
  const verdict = verdictOf(conditions)
  const override = verdict === 'allowed' ? undefined : activeOverride(source, service)
  const decision = override ? 'overridden' : verdict
  return {
    service,
    allowed: decision === 'allowed' || decision === 'overridden',
    decision,
    policy: policy.name,
    at: source.now(),
    conditions,
    actions: conditions.some(({ warning }) => warning) ? policy.actions : [],
    override,
    mayOverride: policy.mayOverride,
  }
}

/** @throws {UsageError} when there is none */
export function policyOf({ services }: Policies, service: string): Policy {
  const policy = services.get(service)
  if (policy) return policy
  throw new UsageError(`"${service}" is no service of sre/policies.yaml: ${[...services.keys()].join(', ')}`)
}

function verdictOf(conditions: Condition[]): 'allowed' | 'halted' | 'unknown' {
  if (conditions.some(({ result }) => result === 'fail')) return 'halted'
  return conditions.some(({ result }) => result === 'unknown') ? 'unknown' : 'allowed'
}
