import type { ServiceName } from '@quickticket/contract/services'
import { objectAt } from '../../fields.ts'
import { CannotTell, UsageError } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { serviceAt } from '../targets/components.ts'
import { putBack, replaceByCopy } from '../targets/copy.ts'
import { findContainer } from '../targets/docker.ts'
import { findWorkload, kubectl, type Workload } from '../targets/workload.ts'
import { endWatchdog, newLease, startWatchdog } from '../watchdog/watchdog.ts'

interface Args {
  service: ServiceName
  /** by name */
  set: Record<string, string>
}

type Data = Pick<Args, 'set'> & { lease: string } & (
    | { in: 'compose'; id: string; name: string }
    | { in: 'cluster'; workload: string; container: number; before: object[] | undefined }
  )

const KIND = 'variable'

/** Other variables of a service. With Compose a copy of the container takes its place; in a cluster its pods are replaced. */
export const variable: Injection<Args, Data> = {
  kind: KIND,
  describe: ({ service, set }) =>
    `${service} with ${Object.entries(set)
      .map((pair) => pair.join('='))
      .join(' ')}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['service', 'set'])
    return {
      service: serviceAt(given.service, `${path}.service`),
      set: readVariables(given.set, `${path}.set`),
    }
  },
  async prepare(context, { service, set }) {
    const lease = newLease()
    if (context.system === 'cluster') {
      const { name, containers } = await findWorkload(service)
      const container = Math.max(
        0,
        containers.findIndex((each) => each.name === service),
      )
      return { lease, set, in: 'cluster', workload: name, container, before: containers[container]?.env }
    }
    if (context.system === 'compose') {
      const { Id, Name } = await findContainer(context, service)
      return { lease, set, in: 'compose', id: Id, name: Name.slice(1) }
    }
    throw new CannotTell(
      '"variable" works with Compose and in a cluster only',
      `SRE_SYSTEM=${context.system}`,
    )
  },
  async inject(context, data, { expiresAt }) {
    await startWatchdog(context, data.lease, { kind: KIND, data, expiresAt })
    if (data.in === 'compose') return replaceByCopy(data, data.set)
    const kept = (data.before ?? []).filter(
      (each) => !Object.hasOwn(data.set, (each as { name: string }).name),
    )
    const added = Object.entries(data.set).map(([name, value]) => ({ name, value }))
    await patchVariables(data, [...kept, ...added])
  },
  async rollback(context, data) {
    if (data.in === 'compose') await putBack(data)
    else await patchVariables(data, data.before ?? [])
    endWatchdog(context, data.lease)
  },
}

/** Not `kubectl set env`, which knows no Rollouts and would lose what a variable was taken from. */
async function patchVariables(
  { workload, container }: { workload: Workload['name']; container: number },
  env: object[],
): Promise<void> {
  const patch = [{ op: 'add', path: `/spec/template/spec/containers/${container}/env`, value: env }]
  await kubectl('patch', workload, '--type=json', '--patch', JSON.stringify(patch))
}

function readVariables(value: unknown, path: string): Record<string, string> {
  const names = Object.keys((value as object | null) ?? {})
  const given = objectAt(value, path, names)
  if (names.length === 0)
    throw new UsageError(`${path} is empty; allowed: names of variables with their values`)
  const wrong = names.find((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))
  if (wrong !== undefined)
    throw new UsageError(`${path}.${wrong} is no name of a variable, such as DB_MAX_CONNS`)
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => [name, scalarAt(text, `${path}.${name}`)]),
  )
}

function scalarAt(value: unknown, path: string): string {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value)
  throw new UsageError(`${path} is ${JSON.stringify(value)}; allowed: a text or a number`)
}
