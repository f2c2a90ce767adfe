import { SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { disturb } from '../src/cluster/disturb.ts'
import { kubectl } from '../src/cluster/kubectl.ts'
import { lostOf } from '../src/cluster/load.ts'
import { openNodeShell } from '../src/cluster/node-process.ts'
import { type Pod, podsOf, startProduction } from '../src/cluster/production.ts'
import { until } from '../src/cluster/wait.ts'

const APPS = [...SERVICES, 'redis', 'postgres'] as const
/** The first process of each container. */
const PROCESS: Record<string, RegExp> = { redis: /redis-server/, postgres: /^postgres/ }
const rows: Record<string, string | number>[] = []
let namespace: string

beforeAll(async () => {
  namespace = await startProduction('staging')
})
afterAll(async () => {
  console.table(rows)
  await kubectl(['delete', 'namespace', namespace, '--timeout=180s'])
})

describe('a pod is deleted', () => {
  test.each(APPS)('%s', async (app) => {
    const [victim] = (await podsOf(namespace, `app=${app}`)) as [Pod]
    const { report, restarted, row } = await disturb(namespace, `pod of ${app} deleted`, async () => {
      await kubectl(['delete', 'pod', victim.name, '-n', namespace, '--wait=false'])
      const replaced = (pods: Pod[]) =>
        pods.length > 0 && pods.every(({ name, ready }) => ready && name !== victim.name)
      await until('its successor is ready', () => podsOf(namespace, `app=${app}`), replaced)
    })
    rows.push(row)
    expect(restarted).toEqual([])
    // a service has other replicas: this one is not missed
    if (app !== 'redis' && app !== 'postgres') expect(lostOf(report)).toBe(0)
  })
})

describe('a container is killed', () => {
  test.each(APPS)('%s', async (app) => {
    const [victim] = (await podsOf(namespace, `app=${app}`)) as [Pod]
    const shell = await openNodeShell(victim.node)
    try {
      const { restarted, row } = await disturb(namespace, `container of ${app} killed`, async () => {
        await shell.killContainer(victim, PROCESS[app] ?? /server\.ts/)
        const startedAgain = (pods: Pod[]) =>
          pods.some(
            ({ name, ready, restarts }) => name === victim.name && ready && restarts > victim.restarts,
          )
        await until('it has been started again', () => podsOf(namespace, `app=${app}`), startedAgain)
      })
      rows.push(row)
      // that one, and no other
      expect(restarted).toEqual([victim.name])
    } finally {
      await shell.close()
    }
  })
})
