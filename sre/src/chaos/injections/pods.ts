import { numberAt, objectAt } from '../../fields.ts'
import { CannotTell } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { type Component, componentAt } from '../targets/components.ts'
import { findPods, kubectl } from '../targets/workload.ts'

interface Args {
  component: Component
  percent: number
  /** false: they may end their requests first */
  force: boolean
}

interface Data {
  pods: string[]
  force: boolean
}

/** Deletes a percentage of a component's pods, at least one, chosen at random. Their controller brings others: there is no rollback. */
export const pods: Injection<Args, Data> = {
  kind: 'pods',
  describe: ({ component, percent, force }) =>
    `${force ? 'kill' : 'delete'} ${percent} % of the pods of ${component}, at least one`,
  read(provider, path) {
    const given = objectAt(provider, path, ['component', 'percent', 'force'])
    return {
      component: componentAt(given.component, `${path}.component`),
      percent: numberAt(given.percent ?? 0, `${path}.percent`, { min: 0, max: 100 }),
      force: given.force === true,
    }
  },
  async prepare({ system }, { component, percent, force }) {
    if (system !== 'cluster') throw new CannotTell('"pods" works in a cluster only', `SRE_SYSTEM=${system}`)
    return { pods: chooseShare(await findPods(component), percent), force }
  },
  async inject(_, { pods: names, force }) {
    const how = force ? ['--grace-period=0', '--force'] : []
    await kubectl('delete', 'pod', ...names, ...how, '--wait=false')
  },
  rollback: async () => undefined,
}

/** At random, at least one. */
export function chooseShare(names: string[], percent: number): string[] {
  const count = Math.max(1, Math.round((names.length * percent) / 100))
  return names
    .map((name) => ({ name, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .slice(0, count)
    .map(({ name }) => name)
}
