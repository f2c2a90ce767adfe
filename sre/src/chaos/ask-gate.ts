import type { Context } from '../context.ts'
import { decideGate } from '../gate/decide.ts'

/**
 * Asks the gate for each of the services, and for `all` without one. Before an experiment what cannot be found out is a no, too. While
 * it is injected only the budgets count: that an alert fires is expected then.
 *
 * @returns why an experiment is not allowed; undefined when it is
 */
export async function askGate(
  context: Context,
  services: string[],
  { during = false } = {},
): Promise<string | undefined> {
  for (const service of services.length > 0 ? services : ['all']) {
    const { allowed, decision, conditions } = await decideGate(context, service)
    const against = conditions.filter(({ name, result }) =>
      during ? result === 'fail' && name.startsWith('budget ') : result !== 'pass',
    )
    if (allowed || against.length === 0) continue
    const reasons = against.map(({ name, evidence }) => `${name}: ${evidence}`)
    return `gate ${service} is ${decision}: ${reasons.join('; ')}`
  }
  return undefined
}

export type AskGate = typeof askGate
