import { SERVICES } from '@quickticket/contract/services'
import { afterAll, afterEach, beforeAll, expect, type TestContext, test } from 'vitest'
import { recordScale, shrinkSoon } from '../src/cluster/autoscaler.ts'
import { applyObjects, getJson, kubectl, tryKubectl } from '../src/cluster/kubectl.ts'
import { type Load, type LoadReport, lostOf, startLoad } from '../src/cluster/load.ts'
import { podsOf, startProduction } from '../src/cluster/production.ts'
import { until } from '../src/cluster/wait.ts'

const MINUTES = 60_000
/** minReplicas of the autoscaler */
const FEWEST = 5
const BUYERS_PER_SECOND = 10
/** One after the other until it is enough, which depends on the machine. Five pods let 1000 a second through to one path. */
const MORE_BUYERS = [
  { buyersPerSecond: 400, scenario: 'list' },
  { buyersPerSecond: 600, scenario: 'list' },
  { buyersPerSecond: 900, scenario: 'list' },
  { buyersPerSecond: 1400, scenario: 'list' },
  { buyersPerSecond: 1400, scenario: 'mix' },
] as const
let namespace: string

beforeAll(async () => {
  namespace = await startProduction('prod')
})
afterEach(async () => {
  await kubectl(['delete', 'pods', '-n', namespace, '-l', 'quickticket-test=load', '--wait=false'])
})
afterAll(async () => {
  await kubectl(['delete', 'namespace', namespace, '--timeout=180s'])
})

// before the others: a pod that comes later goes where there is room
test('the replicas of every service are spread over the nodes', async ({ skip }) => {
  const nodes = await schedulableNodes()
  skip(nodes.length < 2, `pods can be spread from two nodes on, and here is ${nodes.length}`)
  const uneven: string[] = []
  for (const service of SERVICES) {
    const pods = await podsOf(namespace, `app=${service}`)
    const counts = nodes.map((node) => pods.filter((pod) => pod.node === node).length)
    const line = `${service}: ${nodes.map((node, index) => `${counts[index]} on ${node}`).join(', ')}`
    console.log(line)
    if (Math.max(...counts) - Math.min(...counts) > 1) uneven.push(line)
  }
  expect(uneven).toEqual([])
})

test.each([
  { service: 'events', replicas: 2, stay: 1 },
  { service: 'payments', replicas: 2, stay: 1 },
  { service: 'notifications', replicas: 2, stay: 1 },
  { service: 'gateway', replicas: 5, stay: 2 },
])('evictions leave $stay of the $replicas pods of $service', async ({ service, replicas, stay }) => {
  const allowed = () =>
    kubectl(['get', 'pdb', `${service}-pdb`, '-n', namespace, '-o', 'jsonpath={.status.disruptionsAllowed}'])
  const whole = (disruptions: string) => Number(disruptions) === replicas - stay
  await until('all are ready', allowed, whole)
  const pods = await podsOf(namespace, `app=${service}`)
  const load = await startLoad({ namespace, name: 'buyers', buyersPerSecond: BUYERS_PER_SECOND })
  const answers: string[] = []
  // a successor that is ready would allow one more
  await withoutNewPods(async () => {
    for (const { name } of pods) answers.push(await evict(name))
  })
  await until('their successors are ready', allowed, whole, 300_000)
  // they serve to their end
  const leaving = () =>
    kubectl([
      'get',
      'pods',
      '-n',
      namespace,
      '-l',
      `app=${service}`,
      '-o',
      'jsonpath={.items[*].metadata.deletionTimestamp}',
    ])
  await until('those that were evicted have ended', leaving, (times) => times === '')
  expect(answers).toEqual([
    ...Array(replicas - stay).fill('evicted'),
    ...Array(stay).fill(
      "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.",
    ),
  ])
  expectNothingLost(await load.stop())
})

test('the gateway grows under load, is not set back by an apply, and shrinks after', {
  timeout: 25 * MINUTES,
}, async (context) => {
  await skipWithoutMetrics(context)
  const scale = recordScale(namespace, 'gateway')
  const steady = await startLoad({ namespace, name: 'buyers', buyersPerSecond: BUYERS_PER_SECOND })
  try {
    await scale.until('it is idle', ({ ready, cpu = 100 }) => ready === FEWEST && cpu < 50, 300_000)
    const more = await loadUntil(() =>
      scale.until('more pods are wanted', ({ desired }) => desired > FEWEST, 75_000),
    )
    await scale.until('more pods serve', ({ ready }) => ready > FEWEST, 300_000)

    const before = await scale.take()
    expect(await apply()).toContain('rollout.argoproj.io/gateway unchanged')
    const after = await scale.take()
    expect(after.replicas).toBeGreaterThanOrEqual(before.replicas)

    expectNothingLost(await more.stop())
    await shrinkSoon(namespace, 'gateway')
    await scale.until(
      'it is as small as before',
      ({ desired, replicas, ready }) => [desired, replicas, ready].every((number) => number === FEWEST),
      600_000,
    )
    expectNothingLost(await steady.stop())
  } finally {
    console.table(scale.changes())
    await apply()
  }
  const window = '{.spec.behavior.scaleDown.stabilizationWindowSeconds}'
  expect(await kubectl(['get', 'hpa', 'gateway', '-n', namespace, '-o', `jsonpath=${window}`])).toBe('300')
})

/** More and more buyers, until what is waited for has come. Those go on. @throws Error when it never comes */
async function loadUntil(wait: () => Promise<unknown>): Promise<Load> {
  let last: unknown
  for (const { buyersPerSecond, scenario } of MORE_BUYERS) {
    const name = `more-buyers-${scenario}-${buyersPerSecond}`
    const load = await startLoad({ namespace, name, buyersPerSecond, scenario })
    try {
      await wait()
      return load
    } catch (error) {
      last = error
      expectNothingLost(await load.stop())
    }
  }
  throw last
}

/** What a gateway rejects because it has had its 200 in this second is not lost. */
function expectNothingLost(report: LoadReport): void {
  const { requests, rejected, serverErrors, refused, reset, timeout, other, p99Ms } = report
  const details = { requests, rejected, serverErrors, refused, reset, timeout, other, p99Ms }
  console.log(JSON.stringify(details))
  expect(lostOf(report), JSON.stringify(details)).toBe(0)
  expect(requests).toBeGreaterThan(0)
}

async function skipWithoutMetrics({ skip }: TestContext): Promise<void> {
  const metrics = () => tryKubectl(['top', 'nodes'])
  const there = await until('metrics', metrics, ({ code }) => code === 0, 60_000).catch(() => undefined)
  skip(there === undefined, 'there is no metrics-server: kubectl top nodes fails')
}

/** Runs it while no pod can come into the namespace. */
async function withoutNewPods(work: () => Promise<void>): Promise<void> {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'no-new-pods', namespace },
    spec: { hard: { pods: '0' } },
  }
  await applyObjects([quota])
  try {
    await work()
  } finally {
    await kubectl(['delete', 'resourcequota', 'no-new-pods', '-n', namespace])
  }
}

/** Returns what the API server says against it, or `evicted`. */
async function evict(pod: string): Promise<string> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } }
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`
  const { code, stderr } = await tryKubectl(['create', '--raw', path, '-f', '-'], {
    input: JSON.stringify(eviction),
  })
  return code === 0 ? 'evicted' : stderr.trim()
}

async function schedulableNodes(): Promise<string[]> {
  const { items } = await getJson<{ items: Node[] }>(['nodes'])
  return items
    .filter(
      ({ spec }) => !spec.unschedulable && !spec.taints?.some(({ effect }) => effect !== 'PreferNoSchedule'),
    )
    .map(({ metadata }) => metadata.name)
}

interface Node {
  metadata: { name: string }
  spec: { unschedulable?: boolean; taints?: { effect: string }[] }
}

function apply(): Promise<string> {
  return kubectl(['apply', '-k', 'k8s/overlays/prod'])
}
