import type { ServiceName } from '@quickticket/contract/services'
import { parseFaults } from '@quickticket/faults/parse'
import { FaultSyntaxError } from '@quickticket/faults/syntax-error'
import { objectAt, textAt } from '../../fields.ts'
import { UsageError } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { serviceAt } from '../targets/components.ts'
import { openFaultControls } from '../targets/fault-control.ts'

interface Args {
  service: ServiceName
  rules: string
}

interface Data extends Args {
  /** the rules in force before, of each replica */
  before: Record<string, string>
}

/** Rules of docs/faults.md, in each replica of a service. They end by themselves, because each gets a `for=`. */
export const faults: Injection<Args, Data> = {
  kind: 'faults',
  describe: ({ service, rules }) => `faults of ${service}: ${rules}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['service', 'rules'])
    const service = serviceAt(given.service, `${path}.service`)
    return { service, rules: readRules(textAt(given.rules, `${path}.rules`), service, `${path}.rules`) }
  },
  async prepare(context, { service, rules }) {
    const controls = await openFaultControls(context, service)
    const before = await Promise.all(controls.map(async ({ name, read }) => [name, await read()] as const))
    return { service, rules, before: Object.fromEntries(before) }
  },
  async inject(context, { service, rules }, { expiresAt }) {
    for (const control of await openFaultControls(context, service)) {
      // rules of another action may be in force by now
      const inForce = await control.read()
      await control.replace(join(inForce, timed(rules, expiresAt - context.now())))
    }
  },
  async rollback(context, { service, before }) {
    // a replica that has come since then has its rules from its own variable
    for (const control of await openFaultControls(context, service)) {
      const rules = before[control.name]
      if (rules !== undefined && (await control.read()) !== rules) await control.replace(rules)
    }
  },
}

/** @throws {UsageError} */
function readRules(text: string, service: ServiceName, path: string): string {
  try {
    const rules = parseFaults(text, { hasPool: service === 'events' })
    if (rules.length === 0) throw new UsageError(`${path} has no rule; allowed: rules of docs/faults.md`)
    if (rules.every((rule) => rule.forMs === Infinity && rule.afterMs === 0)) return text
  } catch (error) {
    if (!(error instanceof FaultSyntaxError)) throw error
    throw new UsageError(`${path} ${error.message}`)
  }
  throw new UsageError(`${path} has a window; allowed: none, because it is as long as the experiment`)
}

function timed(text: string, ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  return parseFaults(text)
    .map((rule) => `${rule.text} for=${seconds}s`)
    .join('; ')
}

function join(...rules: string[]): string {
  return rules.filter(Boolean).join('; ')
}
