import { IMAGES } from '@quickticket/testing/versions'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { getJson, kubectl, tryKubectl } from '../src/cluster/kubectl.ts'
import { reachOverlay } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

/**
 * Canaries that the page of lab 7 does not show; it has one that is good and one that fails. The verdicts of the analysis are those of
 * the manifest, its waiting times are shorter than on the page.
 */
const SHORTER = [
  ...[0, 1].flatMap((metric) => [
    { op: 'replace', path: `/spec/metrics/${metric}/initialDelay`, value: '25s' },
    { op: 'replace', path: `/spec/metrics/${metric}/interval`, value: '5s' },
  ]),
]
const TIMEOUT_MS = 240_000
/** What comes of each canary, in the order in which they ran. */
const verdicts: Record<string, string>[] = []

interface Rollout {
  spec: { template: { spec: { containers: { env: { name: string }[] }[] } } }
  status: {
    phase: string
    message?: string
    abort?: boolean
    stableRS: string
    currentPodHash: string
    currentStepIndex?: number
  }
}
interface Measured {
  name: string
  phase: string
  message?: string
  measurements?: { phase: string; value?: string }[]
}
interface AnalysisRun {
  metadata: { name: string; creationTimestamp: string }
  status?: { phase: string; message?: string; metricResults?: Measured[] }
}

beforeAll(async () => {
  await kubectl([
    'patch',
    'analysistemplate',
    'gateway-error-rate',
    '--type=json',
    '-p',
    JSON.stringify(SHORTER),
  ])
  const times = [
    { op: 'replace', path: '/spec/strategy/canary/steps/1', value: { pause: { duration: '1s' } } },
    { op: 'replace', path: '/spec/progressDeadlineSeconds', value: 45 },
  ]
  await kubectl(['patch', 'rollout', 'gateway', '--type=json', '-p', JSON.stringify(times)])
})

/** Back to the version before, which still runs: there is nothing to wait for. */
afterEach(async () => {
  await kubectl(['delete', 'pods', '-l', 'quickticket-test=load', '--grace-period=1'])
  if ((await rollout()).status.phase === 'Healthy') return
  await abort()
  await tryKubectl(['argo', 'rollouts', 'undo', 'gateway'])
  await reachPhase('Healthy')
})
afterAll(async () => {
  console.table(verdicts)
  await reachOverlay('lab07')
})

test('without buyers, but with probes and questions for /health: waits, and is promoted by a person', async () => {
  await visit('/health', 0.1)
  await release({ APP_VERSION: 'unseen' })
  await waitsForPerson()
  expect(await record('no traffic, only /health', 'waits')).toMatchObject({ errors: '[NaN]', slow: '[NaN]' })
  await kubectl(['argo', 'rollouts', 'promote', 'gateway'])
  await reachPhase('Healthy')
})

test('with one buyer in a while: waits, and is aborted by a person', async () => {
  // a fifth of them for the canary: one in ten seconds
  await visit('/events', 2)
  await release({ APP_VERSION: 'hardly-seen' })
  await waitsForPerson()
  await record('too little traffic', 'waits')
  await abort()
  expect((await rollout()).status.phase).toBe('Degraded')
})

test('with errors: aborted, and the analysis says by which metric', async () => {
  await visit('/events', 0.1)
  await visit('/health', 0.1)
  await release({ FAULTS: 'GET /events 100% status=500' })
  await reachPhase('Degraded')
  const { status } = await lastRun()
  expect(status?.message).toContain('Metric "error-rate" assessed Failed')
  // all of it is bad, although /health is fine
  expect(await record('errors', 'aborted')).toMatchObject({ errors: '[1] [1]' })
  await stableServes()
})

test('with slow answers: aborted, and the analysis says by which metric', async () => {
  await visit('/events', 0.1)
  await release({ FAULTS: 'GET /events 100% latency=900ms' })
  await reachPhase('Degraded')
  const { status } = await lastRun()
  expect(status?.message).toContain('Metric "slow-requests" assessed Failed')
  await record('slow', 'aborted')
  await stableServes()
})

test('without Prometheus: not promoted', async () => {
  await visit('/events', 0.1)
  await kubectl(['scale', 'deployment/prometheus', '-n', 'monitoring', '--replicas=0'])
  try {
    await release({ APP_VERSION: 'unmeasured' })
    await reachPhase('Degraded')
    const { status } = await lastRun()
    expect(status?.phase).toBe('Error')
    await record('Prometheus away', 'aborted')
    await stableServes()
  } finally {
    await kubectl(['scale', 'deployment/prometheus', '-n', 'monitoring', '--replicas=1'])
    await kubectl(['rollout', 'status', 'deployment/prometheus', '-n', 'monitoring', '--timeout=120s'])
  }
})

test.each([
  ['crash loop', { GATEWAY_TIMEOUT_MS: 'soon' }],
  // it listens where the readiness probe does not ask
  ['never ready', { PORT: '8099' }],
])('%s: aborted when its time is over', async (name, variables) => {
  await release(variables)
  await reachPhase('Degraded')
  const { status } = await rollout()
  expect(status.abort).toBe(true)
  const why = `"gateway-${status.currentPodHash}" has timed out progressing`
  const events = [
    'get',
    'events',
    '--field-selector=reason=RolloutAborted',
    '-o',
    'jsonpath={.items[*].message}',
  ]
  await until(
    'an event that says why',
    () => kubectl(events),
    (messages) => messages.includes(why),
  )
  verdicts.push({ canary: name, verdict: 'aborted', why: 'its ReplicaSet has timed out progressing' })
  await stableServes()
})

/** A new version: the manifest's variables with these set. */
async function release(variables: Record<string, string>): Promise<void> {
  const before = (await rollout()).status.currentPodHash
  const { spec } = await rollout()
  const { env } = spec.template.spec.containers[0] as { env: { name: string }[] }
  const operations = Object.entries(variables).map(([name, value]) => {
    const at = env.findIndex((variable) => variable.name === name)
    return at === -1
      ? { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name, value } }
      : { op: 'replace', path: `/spec/template/spec/containers/0/env/${at}/value`, value }
  })
  await kubectl(['patch', 'rollout', 'gateway', '--type=json', '-p', JSON.stringify(operations)])
  await until(
    'the controller has seen the new version',
    async () => (await rollout()).status.currentPodHash,
    (hash) => hash !== before,
  )
}

function rollout(): Promise<Rollout> {
  return getJson<Rollout>(['rollout', 'gateway'])
}

function reachPhase(phase: string): Promise<unknown> {
  return until(
    `the rollout is ${phase}`,
    async () => (await rollout()).status,
    (status) => status.phase === phase,
    TIMEOUT_MS,
  )
}

/** Paused by an analysis that could not tell, at the weight of one pod, and still so after more time than a measurement takes. */
async function waitsForPerson(): Promise<void> {
  await until(
    'an inconclusive analysis',
    async () => (await lastRun()).status?.phase,
    (phase) => phase === 'Inconclusive',
    TIMEOUT_MS,
  )
  await until(
    'the rollout is paused',
    async () => (await rollout()).status,
    ({ phase, message }) => phase === 'Paused' && /Inconclusive/.test(message ?? ''),
  )
  const { status } = await rollout()
  expect(status.stableRS).not.toBe(status.currentPodHash)
}

async function lastRun(): Promise<AnalysisRun> {
  const { items } = await getJson<{ items: AnalysisRun[] }>([
    'analysisruns',
    '--sort-by=.metadata.creationTimestamp',
  ])
  return items.at(-1) as AnalysisRun
}

async function record(canary: string, verdict: string): Promise<Record<string, string>> {
  const { status } = await lastRun()
  const values = (metric: string) =>
    (status?.metricResults?.find(({ name }) => name === metric)?.measurements ?? [])
      .map(({ value, phase }) => value ?? phase)
      .join(' ')
  const row = {
    canary,
    verdict,
    analysis: status?.phase ?? '',
    errors: values('error-rate'),
    slow: values('slow-requests'),
    why: status?.message ?? '',
  }
  verdicts.push(row)
  return row
}

/** Argo Rollouts 1.9 loses an abort that comes in the moment in which it pauses. */
async function abort(): Promise<void> {
  const degraded = ['wait', '--for=jsonpath={.status.phase}=Degraded', 'rollout/gateway', '--timeout=20s']
  await until(
    'the rollout is aborted',
    async () => {
      await kubectl(['argo', 'rollouts', 'abort', 'gateway'])
      if ((await tryKubectl(degraded)).code === 0) return true
      // an abort in the moment of the pause can be overlooked, and a second one changes nothing
      await kubectl(['argo', 'rollouts', 'retry', 'rollout', 'gateway'])
      return false
    },
    (aborted) => aborted,
  )
}

/** All five pods of the version before answer. */
async function stableServes(): Promise<void> {
  const { status } = await rollout()
  const pods = await getJson<{
    items: {
      metadata: { labels: Record<string, string> }
      status: { containerStatuses?: { ready: boolean }[] }
    }[]
  }>(['pods', '-l', 'app=gateway'])
  const ready = pods.items.filter(
    ({ metadata, status: { containerStatuses } }) =>
      metadata.labels['rollouts-pod-template-hash'] === status.stableRS &&
      containerStatuses?.every(({ ready }) => ready),
  )
  expect(ready.length).toBeGreaterThanOrEqual(4)
}

/** Asks for a path again and again, each time on a new connection, so that each may meet another pod. */
async function visit(path: string, everyS: number): Promise<void> {
  const name = `visitor${path.replace('/', '-')}`
  const loop = `while true; do curl -s -o /dev/null -m 2 http://gateway:8080${path}; sleep ${everyS}; done`
  const options = [`--image=${IMAGES.curl}`, '--labels=quickticket-test=load', '--restart=Never']
  await kubectl(['run', name, ...options, '--command', '--', 'sh', '-c', loop])
  await kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s'])
}
