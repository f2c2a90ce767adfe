import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { awaitJob, outputOf, startJob } from '../src/cluster/jobs.ts'
import { applyObjects, kubectl } from '../src/cluster/kubectl.ts'
import { ordersOf } from '../src/cluster/production.ts'
import { rollout } from '../src/cluster/students/component.ts'
import { type Answer, buy, get, healthOf, reserve } from '../src/cluster/students/customer.ts'
import { NAMESPACE } from '../src/cluster/students/shape.ts'
import { loadgen } from '../src/cluster/students/shapes/late/loadgen.ts'
import { lateGateway } from '../src/cluster/students/shapes/late.ts'
import { podCount, SHAPES } from '../src/cluster/students/shapes.ts'
import {
  act,
  awaitReady,
  closeNamespace,
  deletePods,
  openNamespace,
  pods,
  restarted,
  scale,
  seed,
} from '../src/cluster/students/student.ts'
import { until } from '../src/cluster/wait.ts'

const FIVE = [
  'Go Conference 2026',
  'Python Workshop',
  'SRE Meetup',
  'Kubernetes Deep Dive',
  'Cloud Native Summit',
]

describe.each(SHAPES)('$name: $about', (shape) => {
  const count = podCount(shape)

  beforeAll(async () => {
    await openNamespace()
    await act(shape.steps)
  })
  afterAll(closeNamespace)

  test('every pod becomes ready, and none is started again', async () => {
    expect(restarted(await awaitReady(count))).toEqual([])
  })

  test('the five events are listed, and a ticket is sold', async () => {
    await untilSold()
    expect(await get('/events')).toMatchObject({ status: 200, body: FIVE.map((name) => ({ name })) })
    const before = await ordersOf(NAMESPACE)
    expect(await buy()).toMatchObject({ status: 200, body: { status: 'confirmed' } })
    expect(await ordersOf(NAMESPACE)).toBe(before + 1)
  })

  test('every service is healthy', async () => {
    expect(await get('/health')).toMatchObject({
      status: 200,
      body: { status: 'healthy', checks: { events: 'ok', payments: 'ok', circuit_payments: 'CLOSED' } },
    })
    for (const { body } of await healthOf('events', 8081))
      expect(body).toMatchObject({ status: 'healthy', checks: { postgres: 'ok', redis: 'ok' } })
  })

  test('pods that are replaced find the addresses of all Services in their environment, and serve', async () => {
    for (const app of ['payments', 'events', 'gateway']) await deletePods(app)
    const links = await kubectl([
      'exec',
      'deployment/payments',
      '-n',
      NAMESPACE,
      '--',
      'printenv',
      'REDIS_PORT',
    ])
    expect(links).toMatch(/^tcp:\/\//)
    expect(restarted(await awaitReady(count))).toEqual([])
    await untilSold()
  })

  test('without Redis: events says so, and what needs no holds goes on where readiness lets it', async () => {
    const before = await pods()
    await scale('redis', 0)
    onTestFinished(() => scale('redis', 1))
    await until('events says it', () => healthOf('events', 8081), all({ status: 503 }))
    for (const { body } of await healthOf('events', 8081))
      expect(body).toMatchObject({ status: 'degraded', checks: { postgres: 'ok', redis: 'down' } })

    if (shape.readiness.events === '/health') {
      await until(
        'events is not ready',
        () => pods('app=events'),
        (pods) => pods.every(({ ready }) => !ready),
      )
      await until(
        'the gateway says it: degraded over a connection that it has kept, down over a new one',
        () => healthOf('gateway', 8080),
        all({ status: 503, body: { checks: { events: expect.stringMatching(/^(degraded|down)$/) } } }),
      )
    } else {
      expect(await get('/events')).toMatchObject({ status: 200 })
      expect(await reserve()).toMatchObject({ status: 503 })
      expect(await get('/health')).toMatchObject({ status: 503, body: { checks: { events: 'degraded' } } })
    }
    if (shape.readiness.gateway === '/health')
      await until(
        'the gateway is not ready',
        () => pods('app=gateway'),
        (pods) => pods.every(({ ready }) => !ready),
      )

    await scale('redis', 1)
    const after = await awaitReady(count)
    await untilSold()
    if (!shape.restartsInFaults) expect(restarted(after, before)).toEqual([])
  })

  test('the pod of PostgreSQL is deleted: what was lost is told, and what is seeded is sold', async () => {
    const before = await pods()
    const orders = await ordersOf(NAMESPACE)
    await deletePods('postgres')
    if (shape.afterLoss === 'nothing') {
      await until(
        'events says it',
        () => healthOf('events', 8081),
        all({ status: 503, body: { status: 'degraded' } }),
      )
      await seed()
    }
    const after = await awaitReady(count)
    await untilSold()
    expect(await get('/events')).toMatchObject({ status: 200, body: FIVE.map((name) => ({ name })) })
    if (shape.afterLoss === 'all') expect(await ordersOf(NAMESPACE)).toBeGreaterThan(orders)
    if (!shape.restartsInFaults) expect(restarted(after, before)).toEqual([])
  })

  if (shape.name === 'late') describe('what the late labs do', testLateLabs)
})

function testLateLabs() {
  test('a backup by pg_dump alone holds both tables of the course', async () => {
    await startJob(NAMESPACE, 'postgres-backup', 'by-hand')
    const end = await awaitJob(NAMESPACE, 'by-hand')
    const output = (await outputOf(NAMESPACE, 'by-hand')).join('\n')
    expect(end, output).toMatchObject({ type: 'Complete' })
    expect(Number(output)).toBeGreaterThanOrEqual(2)
  })

  test('a good version is promoted by the analysis, a bad one is aborted', async () => {
    await applyObjects([loadgen], ['-n', NAMESPACE])
    const status = (timeout: string) =>
      kubectl(['argo', 'rollouts', 'status', 'gateway', '-n', NAMESPACE, `--timeout=${timeout}`])
    await release({ APP_VERSION: 'v2' })
    expect(await status('300s')).toContain('Healthy')
    expect(await get('/health')).toMatchObject({ body: { version: 'v2' } })

    await release({
      APP_VERSION: 'v3',
      EVENTS_URL: 'http://broken-on-purpose:8081',
      GATEWAY_TIMEOUT_MS: '2000',
    })
    await until('it is aborted', phase, (phase) => phase === 'Degraded', 300_000)
    const runs = ['get', 'analysisruns', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].status.phase}']
    expect((await kubectl(runs)).split(' ').sort()).toEqual(['Failed', 'Successful'])
    await until(
      'the old version alone',
      () => healthOf('gateway', 8080),
      all({ status: 200, body: { version: 'v2' } }),
    )
    await untilSold()
  })

  const release = (changes: Record<string, string>) =>
    applyObjects([rollout(lateGateway(changes))], ['-n', NAMESPACE])
  const phase = () =>
    kubectl(['get', 'rollout', 'gateway', '-n', NAMESPACE, '-o', 'jsonpath={.status.phase}'])
}

/** Connections that are kept may lead to what is gone for a moment, and Services learn of pods after the pods are ready. */
async function untilSold(): Promise<void> {
  await until('a ticket is sold', buy, ({ status }) => status === 200)
}

/** Whether there are answers, and each is as expected. */
function all(expected: object) {
  return (answers: Answer[]) => {
    if (answers.length === 0) return false
    try {
      for (const answer of answers) expect(answer).toMatchObject(expected)
      return true
    } catch {
      return false
    }
  }
}
