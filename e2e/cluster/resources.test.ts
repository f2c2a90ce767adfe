import { afterAll, beforeAll, expect, test } from 'vitest'
import { awaitJob, outputOf, resume, startChangedJob, suspend } from '../src/cluster/jobs.ts'
import { kubectl } from '../src/cluster/kubectl.ts'
import { sql } from '../src/cluster/production.ts'
import {
  type Amounts,
  type ContainerPlan,
  larger,
  type Periods,
  type PodPlan,
  readEnds,
  readPeriods,
  readPlans,
  readUsage,
  sum,
  type Usage,
} from '../src/cluster/resources.ts'
import { until } from '../src/cluster/wait.ts'

const NAMESPACES = ['default', 'monitoring']
/** What a lab's cluster has besides: the system's own pods, and the controller of lab 7. */
const SURROUNDINGS = ['kube-system', 'local-path-storage', 'argo-rollouts']
const USERS = 50
const NODE_MIB = 4096
/** k3s itself is no pod. @see https://docs.k3s.io/reference/resource-profiling */
const K3S_MIB = 1600
const LEVEL = 'load-resources'

/** what Locust wrote */
let report: string
/** what was there during the load; a pod of a Job may have ended since */
const plans = new Map<string, PodPlan>()
/** the most of each container during the load; empty without a metrics-server */
const peaks = new Map<string, Usage>()
const before = { restarts: new Map<string, number>(), periods: new Map<string, Periods>() }
const throttled: { container: string; periods: number; share: number }[] = []

beforeAll(async () => {
  // a backup in between would be seen by chance
  await suspend('default', 'postgres-backup')
  await sql('default', 'UPDATE events SET total_tickets = 1000000')
  for (const namespace of NAMESPACES)
    for (const [name, count] of (await readEnds(namespace)).restarts) before.restarts.set(name, count)
  before.periods = await readPeriods('default')
  const startedAt = Date.now()
  await startLevel()
  await watched(awaitJob('default', LEVEL), startedAt)
  report = (await outputOf('default', LEVEL)).join('\n')
  for (const [container, { all, throttled: stopped }] of await readPeriods('default')) {
    const earlier = before.periods.get(container) ?? { all: 0, throttled: 0 }
    const periods = all - earlier.all
    if (periods > 0) throttled.push({ container, periods, share: (stopped - earlier.throttled) / periods })
  }
})
afterAll(async () => {
  await kubectl(['delete', 'job', LEVEL, '-n', 'default', '--ignore-not-found'])
  await resume('default', 'postgres-backup')
  await kubectl(['scale', 'deployment/mixedload', '-n', 'default', '--replicas=2'])
  await kubectl(['rollout', 'status', 'deployment/mixedload', '-n', 'default', '--timeout=300s'])
})

test(`${USERS} users of Locust: no container is killed for its memory or restarted`, async () => {
  console.log(report)
  const [, requests] = /^ *Aggregated +(\d+) /m.exec(report) ?? []
  // whether any of them failed on a machine that has other work too is not asked here
  expect(Number(requests), report).toBeGreaterThan(100)
  for (const namespace of NAMESPACES) {
    const { restarts, oom } = await readEnds(namespace)
    expect(oom).toEqual([])
    const restarted = [...restarts].filter(([name, count]) => count > (before.restarts.get(name) ?? 0))
    expect(restarted).toEqual([])
  }
})

test('no service is stopped for its limit in more than 5 % of its time', ({ skip }) => {
  skip(throttled.length === 0, 'the container runtime does not tell')
  console.table(throttled.map(({ share, ...rest }) => ({ ...rest, throttled: percent(share) })))
  const services = throttled.filter(({ container }) =>
    /^(gateway|events|payments|postgres|redis)-/.test(container),
  )
  expect(services).not.toEqual([])
  expect(services.filter(({ share }) => share >= 0.05)).toEqual([])
})

test('no container needs more memory under load than it asks for', ({ skip }) => {
  skip(peaks.size === 0, 'there is no metrics-server')
  const rows = byWorkload([...plans.values()], peaks)
  console.table(
    rows.map(({ requests, used, limits, ...of }) => ({
      ...of,
      request: mib(requests),
      used: mib(used),
      limit: mib(limits),
    })),
  )
  expect(rows.filter(({ used, requests }) => used.memory >= requests.memory)).toEqual([])
})

test('no container needs more processor time than it asks for without buyers', async ({ skip }) => {
  skip(peaks.size === 0, 'there is no metrics-server')
  await kubectl(['delete', 'job', LEVEL, '-n', 'default'])
  await kubectl(['scale', 'deployment/mixedload', '-n', 'default', '--replicas=0'])
  await kubectl(['wait', '--for=delete', 'pod', '-l', 'app=mixedload', '-n', 'default', '--timeout=120s'])
  const idleSince = Date.now()
  const usages = await until(
    'figures from a time without buyers',
    async () => (await Promise.all(NAMESPACES.map(readUsage))).flatMap((usages) => usages ?? []),
    (usages) => usages.length > 0 && usages.every(({ since }) => since > idleSince),
    180_000,
  )
  const idle = new Map(usages.map((usage) => [keyOf(usage), usage]))
  const pods = (await Promise.all(NAMESPACES.map(readPlans))).flat()
  const rows = byWorkload(pods, idle)
  console.table(
    rows.map(({ requests, used, limits, ...of }) => ({
      ...of,
      request: millicores(requests),
      used: millicores(used),
      limit: millicores(limits),
    })),
  )
  expect(rows.filter(({ used, requests }) => used.cpu >= requests.cpu)).toEqual([])
})

test('all of it fits a node of 4 GiB, beside k3s itself', async () => {
  const around = (await Promise.all(SURROUNDINGS.map(readPlans))).flat()
  const used = (await Promise.all(SURROUNDINGS.map(readUsage))).flatMap((usages) => usages ?? [])
  const asked = sum([...plans.values(), ...around].map(({ requests }) => requests))
  const working = sum([...peaks.values(), ...used])
  console.table({
    'asked for by the labs': mib(sum([...plans.values()].map(({ requests }) => requests))),
    'asked for by the cluster': mib(sum(around.map(({ requests }) => requests))),
    'used by the labs, at most': mib(sum([...peaks.values()])),
    'used by the cluster': mib(sum(used)),
  })
  expect(asked.memory).toBeLessThan(NODE_MIB - K3S_MIB)
  expect(working.memory).toBeLessThan(NODE_MIB - K3S_MIB)
})

/** As `level` of docs/labs/lab10.md, for 30 s. */
async function startLevel(): Promise<void> {
  await kubectl(['delete', 'job', LEVEL, '-n', 'default', '--ignore-not-found'])
  const values = { LOCUST_USERS: String(USERS), LOCUST_SPAWN_RATE: '10', LOCUST_RUN_TIME: '30s' }
  const set = Object.entries(values).map(([name, value]) => ({ name, value }))
  await startChangedJob('default', 'load-level', LEVEL, ({ containers: [container] }) => {
    const others = (container.env ?? []).filter(({ name }) => !(name in values))
    container.env = [...others, ...set]
  })
}

/** Looks at everything until the work is done, and until there are figures of a time when it was under way. */
async function watched<Result>(work: Promise<Result>, startedAt: number): Promise<Result> {
  let done = false
  const finished = work.finally(() => {
    done = true
  })
  await until(
    'the end of the level, and figures of it',
    async () => {
      for (const plan of (await Promise.all(NAMESPACES.map(readPlans))).flat()) plans.set(plan.name, plan)
      const usages = await Promise.all(NAMESPACES.map(readUsage))
      for (const usage of usages.flatMap((each) => each ?? [])) remember(usage)
      return {
        done,
        known: usages.includes(undefined) || [...peaks.values()].some(({ since }) => since > startedAt),
      }
    },
    ({ done, known }) => done && known,
    300_000,
  )
  return finished
}

function remember(usage: Usage): void {
  const known = peaks.get(keyOf(usage))
  peaks.set(keyOf(usage), { ...usage, ...(known && larger(known, usage)) })
}

interface Row {
  workload: string
  container: string
  pods: number
  requests: Amounts
  used: Amounts
  limits: Amounts
}

/** One row for all pods that are alike: the most that one of them uses. */
function byWorkload(pods: PodPlan[], usages: Map<string, Usage>): Row[] {
  const rows = new Map<string, Row>()
  for (const plan of pods.flatMap(({ containers }) => containers)) {
    const usage = usages.get(keyOf(plan))
    if (!usage) continue
    const { workload, container, requests, limits } = plan
    const name = `${workload}/${container}`
    const row = rows.get(name)
    rows.set(name, {
      ...{ workload, container, requests, limits },
      pods: (row?.pods ?? 0) + 1,
      used: larger(row?.used ?? usage, usage),
    })
  }
  return [...rows.values()].toSorted((one, other) => other.used.memory - one.used.memory)
}

function keyOf({ pod, container }: Pick<ContainerPlan, 'pod' | 'container'>): string {
  return `${pod}/${container}`
}

function mib({ memory }: Amounts): string {
  return `${Math.round(memory)} MiB`
}

function millicores({ cpu }: Amounts): string {
  return `${Math.round(cpu)}m`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
