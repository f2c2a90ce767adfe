import { SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubectl, tryKubectl } from '../src/cluster/kubectl.ts'
import { lostOf, startLoad } from '../src/cluster/load.ts'
import { audit, ordersOf, podsOf, sql, startProduction } from '../src/cluster/production.ts'
import { awaitWorkloads } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

const BUYERS_PER_SECOND = 50
const rows: Record<string, string | number>[] = []
let namespace: string

beforeAll(async () => {
  namespace = await startProduction('staging')
})
afterAll(async () => {
  console.table(rows)
  await kubectl(['delete', 'namespace', namespace, '--timeout=180s'])
})

test.each(['events', 'payments', 'notifications'])('kubectl rollout restart deployment/%s', async (name) => {
  await withoutLoss(`rollout restart ${name}`, async () => {
    await here(['rollout', 'restart', `deployment/${name}`])
    await replaced(name)
  })
})

test('kubectl argo rollouts restart gateway', async () => {
  await withoutLoss('rollouts restart gateway', async () => {
    const before = await namesOf('gateway')
    await here(['argo', 'rollouts', 'restart', 'gateway'])
    await until(
      'every gateway is another one',
      () => podsOf(namespace, 'app=gateway'),
      (pods) => pods.length === 5 && pods.every(({ name, ready }) => ready && !before.includes(name)),
      300_000,
    )
  })
})

test('the gateway is scaled from 5 to 2 and back', async () => {
  await withoutLoss('scale gateway 5 to 2 to 5', async () => {
    for (const replicas of [2, 5]) {
      await here(['scale', 'rollout', 'gateway', `--replicas=${replicas}`])
      await until(
        'as many gateways',
        () => podsOf(namespace, 'app=gateway'),
        (pods) => pods.length === replicas && pods.every(({ ready }) => ready),
      )
      await gone('gateway')
    }
  })
})

test.each(SERVICES)('a pod of %s is evicted', async (name) => {
  await withoutLoss(`eviction of ${name}`, async () => {
    const [pod] = await namesOf(name)
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } }
    await kubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, '-f', '-'], {
      input: JSON.stringify(eviction),
    })
    await kubectl(['wait', '--for=delete', `pod/${pod}`, '-n', namespace, '--timeout=120s'])
    await awaitWorkloads(namespace)
  })
})

test('a version with an index that is built CONCURRENTLY', async () => {
  await migrate('down')
  expect(await indexes()).not.toContain('idx_events_event_date')
  await withoutLoss('events v2, index CONCURRENTLY', async () => {
    await here([
      'set',
      'image',
      'deployment/events',
      'migrations=quickticket-migrations:v2',
      'events=quickticket-events:v2',
    ])
    await replaced('events')
  })
  expect(await indexes()).toContain('idx_events_event_date')
})

test('a column comes, versions run side by side, the older one comes back, and the column goes', async () => {
  const columns = () =>
    sql(namespace, `SELECT column_name FROM information_schema.columns WHERE table_name = 'orders'`)
  await withoutLoss('expand: a new column', async () => {
    await here([
      'set',
      'image',
      'deployment/events',
      'migrations=quickticket-migrations:expand',
      'events=quickticket-events:v1',
    ])
    await replaced('events')
  })
  expect(await columns()).toContain('seat_row')
  await withoutLoss('back to the version before, on the new schema', async () => {
    await here(['rollout', 'undo', 'deployment/events'])
    await replaced('events')
  })
  expect(await columns()).toContain('seat_row')
  await withoutLoss('contract: the column goes', async () => {
    await here(['set', 'image', 'deployment/events', 'migrations=quickticket-migrations:contract'])
    await replaced('events')
  })
  expect(await columns()).not.toContain('seat_row')
})

test('new images of payments, notifications and the gateway', async () => {
  await withoutLoss('images v2 of all others', async () => {
    for (const name of ['payments', 'notifications'])
      await here(['set', 'image', `deployment/${name}`, `${name}=quickticket-${name}:v2`])
    await here(['argo', 'rollouts', 'set', 'image', 'gateway', 'gateway=quickticket-gateway:v2'])
    // what the analysis decides is the business of the canary test
    await until(
      'the canary is there',
      async () => await here(['get', 'rollout', 'gateway', '-o', 'jsonpath={.status.canary}{.status.phase}']),
      (text) => text.includes('Paused'),
    )
    await here(['argo', 'rollouts', 'promote', 'gateway', '--full'])
    await here(['argo', 'rollouts', 'status', 'gateway', '--timeout=300s'])
    for (const name of ['payments', 'notifications']) await replaced(name)
    await gone('gateway')
  })
})

/** Buyers come all the time, on connections that they keep; each request that fails is one too many. */
async function withoutLoss(operation: string, work: () => Promise<void>): Promise<void> {
  const before = await ordersOf(namespace)
  const load = await startLoad({ namespace, name: 'buyers', buyersPerSecond: BUYERS_PER_SECOND })
  const startedAt = performance.now()
  await work()
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const report = await load.stop()
  const { requests, serverErrors, refused, reset, timeout, other, rejected, orders } = report
  rows.push({
    operation,
    seconds,
    requests,
    '5xx': serverErrors,
    refused,
    reset,
    timeout,
    other,
    p99: Math.round(report.p99Ms),
  })
  expect({
    lost: lostOf(report),
    rejected,
    details: JSON.stringify(report.seconds.filter(({ broken }) => broken > 0)),
  }).toEqual({ lost: 0, rejected: 0, details: '[]' })
  expect(requests).toBeGreaterThan(BUYERS_PER_SECOND * 5)
  // a pay that was answered after the end of the load is in the database as well
  expect((await ordersOf(namespace)) - before).toBeGreaterThanOrEqual(orders)
  expect(await audit(namespace)).toMatchObject({ code: 0 })
}

function here(args: string[]): Promise<string> {
  return kubectl([...args, '-n', namespace])
}

async function namesOf(app: string): Promise<string[]> {
  return (await podsOf(namespace, `app=${app}`)).map(({ name }) => name)
}

/** The new pods serve, and the old ones have ended. */
async function replaced(name: string): Promise<void> {
  await here(['rollout', 'status', `deployment/${name}`, '--timeout=300s'])
  await gone(name)
}

/** No pod of it is on its way out any more. */
async function gone(app: string): Promise<void> {
  await until(
    `the old pods of ${app} have ended`,
    () => here(['get', 'pods', '-l', `app=${app}`, '-o', 'jsonpath={.items[*].metadata.deletionTimestamp}']),
    (leaving) => leaving === '',
  )
}

function indexes(): Promise<string> {
  return sql(namespace, `SELECT indexname FROM pg_indexes WHERE tablename = 'events'`)
}

/** What a person types to take changes back: the events pods have no such command, and the policies let only theirs in. */
async function migrate(...commands: string[]): Promise<void> {
  const script = commands.map((command) => `node migrations/src/migrate.ts ${command}`).join(' && ')
  const overrides = await migrationPod(script)
  await tryKubectl(['delete', 'pod', 'migrate', '-n', namespace, '--ignore-not-found'])
  await kubectl(['apply', '-n', namespace, '-f', '-'], { input: JSON.stringify(overrides) })
  await kubectl([
    'wait',
    '--for=jsonpath={.status.phase}=Succeeded',
    'pod/migrate',
    '-n',
    namespace,
    '--timeout=120s',
  ])
  await here(['delete', 'pod', 'migrate'])
}

/** The init container of events as a pod of its own, with another command. */
async function migrationPod(script: string): Promise<object> {
  const { spec } = JSON.parse(await here(['get', 'deployment', 'events', '-o', 'json'])).spec.template
  const [migrations] = spec.initContainers
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'migrate', namespace, labels: { 'app.kubernetes.io/component': 'backup' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: spec.securityContext,
      containers: [{ ...migrations, image: 'quickticket-migrations:v1', command: ['sh', '-c', script] }],
      volumes: spec.volumes,
    },
  }
}
