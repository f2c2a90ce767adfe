import type { Context } from '../../context.ts'
import { objectAt } from '../../fields.ts'
import { CannotTell } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { type Component, componentAt } from '../targets/components.ts'
import { docker, findContainer, inspect } from '../targets/docker.ts'
import { findPods, findWorkload, kubectl, scaleTo } from '../targets/workload.ts'
import { endWatchdog, newLease, startWatchdog } from '../watchdog/watchdog.ts'

interface Args {
  component: Component
}

type Data = { lease: string } & (
  | { in: 'compose'; id: string; name: string }
  | { in: 'cluster'; workload: string; replicas: number; pods: string[] }
)

/** `docker stop` waits this long before it kills. */
const STOP_S = 10

/** Ends a component as an operator would; in a cluster it has no pod then. */
export const stop = containerInjection('stop', {
  compose: async ({ id }) => void (await docker('stop', '--time', String(STOP_S), id)),
  cluster: ({ workload }) => scaleTo(workload, 0),
})

/** Ends it with SIGKILL. A cluster brings a new pod at once; Docker does not, since it was told to kill. */
export const kill = containerInjection('kill', {
  compose: async ({ id }) => void (await docker('kill', id)),
  cluster: async ({ pods }) =>
    void (await kubectl('delete', 'pod', ...pods, '--grace-period=0', '--force', '--wait=false')),
})

/** Freezes it: it is there, takes connections, and answers nothing. */
export const pause = containerInjection('pause', {
  compose: async ({ id }) => void (await docker('pause', id)),
  cluster: undefined,
})

interface Changes {
  compose(data: Data & { in: 'compose' }): Promise<void>
  cluster: ((data: Data & { in: 'cluster' }) => Promise<void>) | undefined
}

function containerInjection(kind: string, { compose, cluster }: Changes): Injection<Args, Data> {
  return {
    kind,
    describe: ({ component }) => `${kind} ${component}`,
    read: (provider, path) => ({
      component: componentAt(objectAt(provider, path, ['component']).component, `${path}.component`),
    }),
    async prepare(context, { component }) {
      const lease = newLease()
      if (context.system === 'cluster' && cluster) {
        const { name, replicas } = await findWorkload(component)
        const pods = await findPods(component)
        return { lease, in: 'cluster', workload: name, replicas, pods }
      }
      if (context.system !== 'compose') throw unavailable(context, kind)
      const { Id, Name, State } = await findContainer(context, component)
      if (State.Running && !State.Paused) return { lease, in: 'compose', id: Id, name: Name.slice(1) }
      throw new CannotTell(
        `${component} does not run: it is ${State.Status}`,
        `docker inspect ${Name.slice(1)}`,
      )
    },
    async inject(context, data, { expiresAt }) {
      // not before docker stop has ended
      const earliest = Date.now() + (STOP_S + 2) * 1000
      await startWatchdog(context, data.lease, { kind, data, expiresAt: Math.max(expiresAt, earliest) })
      if (data.in === 'compose') await compose(data)
      else await cluster?.(data)
    },
    async rollback(context, data) {
      if (data.in === 'compose') await runAgain(data)
      else await scaleUp(data)
      endWatchdog(context, data.lease)
    },
  }
}

async function runAgain({ id, name }: { id: string; name: string }): Promise<void> {
  const container = await inspect(id)
  if (!container) throw new CannotTell(`The container ${name} is gone`, `docker inspect ${id}`)
  if (container.State.Paused) await docker('unpause', id)
  else if (!container.State.Running) await docker('start', id)
}

/** Only from 0: other numbers are of an autoscaler, or of a person. */
async function scaleUp({ workload, replicas }: { workload: string; replicas: number }): Promise<void> {
  const now = await kubectl('get', workload, '-o', 'jsonpath={.spec.replicas}')
  if (now.trim() === '0') await scaleTo(workload, replicas)
}

function unavailable({ system }: Context, kind: string): CannotTell {
  const others = kind === 'pause' ? 'Compose' : 'Compose and in a cluster'
  return new CannotTell(`"${kind}" works with ${others} only`, `SRE_SYSTEM=${system}`)
}
