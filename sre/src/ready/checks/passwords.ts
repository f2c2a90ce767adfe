import { type Check, type Inspected, noContainers } from '../check.ts'
import type { Variable } from '../system/workload.ts'

/** Values that the documentation shows, so that they are known to all. */
const KNOWN: Record<string, string[]> = {
  POSTGRES_PASSWORD: ['quickticket', 'postgres'],
  DB_PASS: ['quickticket', 'postgres'],
  GF_SECURITY_ADMIN_PASSWORD: ['admin'],
}

export const passwords: Check = {
  id: 'passwords',
  question: 'Is no default password in use?',
  risk: 'Those who have read the documentation can read and change the orders.',
  weight: 3,
  fix: 'Set DB_PASS, and GRAFANA_ADMIN_PASSWORD where Grafana runs; an existing database keeps its own (docs/configuration.md)',
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    const workloads = await inspected.workloads()
    const looked = await Promise.all(
      workloads.flatMap(({ service, variables }) =>
        variables
          .filter(({ name }) => KNOWN[name] && !isFromFile(name, variables))
          .map(async (variable) => ({
            where: `${service} ${variable.name}`,
            isDefault: await isDefault(variable, inspected),
          })),
      ),
    )
    const defaults = looked.filter(({ isDefault }) => isDefault).map(({ where }) => where)
    const names = looked.map(({ where }) => where).join(', ')
    return {
      status: defaults.length === 0 ? 'pass' : 'fail',
      evidence:
        defaults.length > 0
          ? `default: ${defaults.join(', ')}`
          : `none of ${names || 'the containers has a password'}`,
      at: inspected.context.now(),
    }
  },
}

function isFromFile(name: string, variables: Variable[]): boolean {
  return variables.some((variable) => variable.name === `${name}_FILE` && variable.value !== '')
}

/** An empty variable is unset, and then the service takes its default. */
async function isDefault({ name, value, secret }: Variable, inspected: Inspected): Promise<boolean> {
  const found = secret ? await inspected.secretValue(secret) : value
  return found === '' || (KNOWN[name] ?? []).includes(found ?? '')
}
