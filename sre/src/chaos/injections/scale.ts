import { numberAt, objectAt } from '../../fields.ts'
import { CannotTell } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { type Component, componentAt } from '../targets/components.ts'
import { findWorkload, kubectl, scaleTo } from '../targets/workload.ts'
import { endWatchdog, newLease, startWatchdog } from '../watchdog/watchdog.ts'

interface Args {
  component: Component
  replicas: number
}

interface Data {
  lease: string
  workload: string
  before: number
  replicas: number
}

const KIND = 'scale'
const MAX_REPLICAS = 20

/** Another number of pods, in a cluster. */
export const scale: Injection<Args, Data> = {
  kind: KIND,
  describe: ({ component, replicas }) => `scale ${component} to ${replicas}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['component', 'replicas'])
    return {
      component: componentAt(given.component, `${path}.component`),
      replicas: numberAt(given.replicas, `${path}.replicas`, { min: 0, max: MAX_REPLICAS }),
    }
  },
  async prepare({ system }, { component, replicas }) {
    if (system !== 'cluster') throw new CannotTell('"scale" works in a cluster only', `SRE_SYSTEM=${system}`)
    const { name, replicas: before } = await findWorkload(component)
    return { lease: newLease(), workload: name, before, replicas }
  },
  async inject(context, data, { expiresAt }) {
    await startWatchdog(context, data.lease, { kind: KIND, data, expiresAt })
    await scaleTo(data.workload, data.replicas)
  },
  async rollback(context, { lease, workload, before, replicas }) {
    const now = await kubectl('get', workload, '-o', 'jsonpath={.spec.replicas}')
    // another number is of an autoscaler, or of a person
    if (Number(now) === replicas) await scaleTo(workload, before)
    endWatchdog(context, lease)
  },
}
