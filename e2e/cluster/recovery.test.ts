import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../src/cluster/kubectl.ts'
import { type LoadReport, lostOf, startLoad } from '../src/cluster/load.ts'
import { openNodeShell } from '../src/cluster/node-process.ts'
import { audit, ordersOf, type Pod, podsOf, startProduction } from '../src/cluster/production.ts'
import { until } from '../src/cluster/wait.ts'

const BUYERS_PER_SECOND = 20
const OURS = 'app in (gateway,events,payments,notifications,postgres,redis)'
const APPS = ['gateway', 'events', 'payments', 'notifications', 'redis', 'postgres'] as const
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
    const [victim] = await podsOf(namespace, `app=${app}`)
    const { report, restarted } = await disturb(`pod of ${app} deleted`, async () => {
      await kubectl(['delete', 'pod', victim?.name as string, '-n', namespace, '--wait=false'])
      await until('its successor is ready', () => podsOf(namespace, `app=${app}`), replacedBy(victim as Pod))
    })
    expect(restarted).toEqual([])
    // what has other replicas is not missed at all
    if (app !== 'redis' && app !== 'postgres') expect(lostOf(report)).toBe(0)
  })
})

describe('a container is killed', () => {
  test.each(APPS)('%s', async (app) => {
    const [victim] = await podsOf(namespace, `app=${app}`)
    const shell = await openNodeShell(victim?.node as string)
    try {
      const { restarted } = await disturb(`container of ${app} killed`, async () => {
        await shell.killContainer(victim?.name as string, PROCESS[app] ?? /server\.ts/)
        await until(
          'it has been started again',
          () => podsOf(namespace, `app=${app}`),
          (pods) =>
            pods.some(
              ({ name, ready, restarts }) =>
                name === victim?.name && ready && restarts > (victim?.restarts ?? 0),
            ),
        )
      })
      // that one, once, and no other
      expect(restarted).toEqual([victim?.name])
    } finally {
      await shell.close()
    }
  })
})

test('a kubelet stands still for a minute', async () => {
  const [victim] = await podsOf(namespace, 'app=gateway')
  const node = victim?.node as string
  const shell = await openNodeShell(node)
  try {
    const { restarted } = await disturb('kubelet stopped for 60 s', async () => {
      await shell.freezeKubelet(60)
      const status = () =>
        kubectl(['get', 'node', node, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'])
      await until('the node is noticed to be away', status, (ready) => ready !== 'True', 180_000)
      await until('the node is back', status, (ready) => ready === 'True', 180_000)
      await until(
        'all serve',
        () => podsOf(namespace, OURS),
        (pods) => pods.every(({ ready }) => ready),
        180_000,
      )
    })
    // nothing was broken but the kubelet
    expect(restarted).toEqual([])
  } finally {
    await shell.close()
  }
})

/** Does something bad while buyers come, until nothing fails any more. */
async function disturb(
  what: string,
  work: () => Promise<void>,
): Promise<{ report: LoadReport; restarted: string[] }> {
  const before = new Map((await podsOf(namespace, OURS)).map(({ name, restarts }) => [name, restarts]))
  const ordersBefore = await ordersOf(namespace)
  const load = await startLoad({ namespace, name: 'buyers', buyersPerSecond: BUYERS_PER_SECOND })
  const startedAt = performance.now()
  await work()
  const serves = Math.round((performance.now() - startedAt) / 1000)
  // twice in a row: a client's connections may still lead to what is gone
  for (let calm = 0; calm < 2; calm += 1)
    await until(
      'a purchase',
      () => purchase(),
      (status) => status === 200,
    )
  const report = await load.stop()
  const broken = report.seconds.filter(({ broken }) => broken > 0)
  const last = broken.at(-1)?.second ?? 0
  rows.push({
    what,
    'ready after s': serves,
    requests: report.requests,
    lost: lostOf(report),
    '5xx': report.serverErrors,
    refused: report.refused,
    reset: report.reset,
    'seconds with a loss': broken.length,
    'first to last s': broken.length > 0 ? last - (broken[0]?.second ?? 0) + 1 : 0,
  })
  // an order that a buyer was told of is there
  expect((await ordersOf(namespace)) - ordersBefore).toBeGreaterThanOrEqual(report.orders)
  await until(
    'the audit',
    () => audit(namespace),
    ({ code }) => code === 0,
    60_000,
  )
  const restarted = (await podsOf(namespace, OURS)).filter(
    ({ name, restarts }) => restarts > (before.get(name) ?? 0),
  )
  return { report, restarted: restarted.map(({ name }) => name) }
}

/** One buyer, from within a pod of payments, by way of the Service. */
async function purchase(): Promise<number> {
  const script = `
    const post = (path, body) => fetch('http://gateway:8080' + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const { reservation_id } = await (await post('/events/1/reserve', { quantity: 1 })).json()
    console.log((await post('/reserve/' + reservation_id + '/pay', {})).status)`
  const client = ['exec', '-n', namespace, 'buyers', '--', 'node', '--input-type=module', '-e', script]
  return Number(await kubectl(client, { timeoutMs: 30_000 }))
}

function replacedBy(victim: Pod): (pods: Pod[]) => boolean {
  return (pods) => pods.length > 0 && pods.every(({ name, ready }) => ready && name !== victim.name)
}
