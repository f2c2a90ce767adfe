import { randomBytes } from 'node:crypto'
import { SERVICES } from '@quickticket/contract/services'
import type { ReceivedSpan } from '@quickticket/testing/otlp-spans'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyObjects, getJson, kubectl, tryKubectl } from '../src/cluster/kubectl.ts'
import {
  ASKING,
  applyObservability,
  BUYING,
  buy,
  linesOf,
  removeObservability,
  rolledOut,
  spansOf,
} from '../src/cluster/observability.ts'
import { connectFrom, type Probe, servedPorts, startProbes, stopProbes } from '../src/cluster/probes.ts'
import { until } from '../src/cluster/wait.ts'

const NEIGHBOUR = 'quickticket-test-neighbour'
const PROBES: Probe[] = [
  ASKING,
  BUYING,
  { name: 'gateway', namespace: 'default', labels: { app: 'gateway' } },
  { name: 'collector', namespace: 'monitoring', labels: { app: 'collector' } },
  { name: 'node', namespace: 'node-logs', labels: {} },
  // the label of one who may, in a namespace where it means nothing
  { name: 'neighbour', namespace: NEIGHBOUR, labels: { app: 'gateway' } },
]

beforeAll(async () => {
  await applyObservability()
  await applyObjects([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NEIGHBOUR } }])
  await startProbes(PROBES)
})
afterAll(async () => {
  await stopProbes(PROBES)
  await kubectl(['delete', 'namespace', NEIGHBOUR, '--ignore-not-found', '--timeout=180s'])
  await removeObservability()
})

describe('one purchase', () => {
  const traceId = newTraceId()
  beforeAll(async () => {
    expect(await until('a purchase', () => buy(traceId), Boolean)).toBe(200)
  })

  test('is one trace through all services, and each of its spans has its parent', async () => {
    const roots = ['server POST /events/{id}/reserve', 'server POST /reserve/{id}/pay']
    // each service sends its spans when its own batch is due
    const spans = await until(
      'the whole trace in Jaeger',
      () => spansOf(traceId),
      (found) => String(rootsOf(found)) === String(roots),
    )
    expect(sorted(spans.map(({ service }) => service))).toEqual(sorted(SERVICES))
    expect(spans.map(({ attributes }) => attributes['db.query.summary'])).toContain('events-find')
  })

  test('has the lines of all services in the log store, with the pod that wrote each', async () => {
    const lines = await until(
      'the lines',
      () => linesOf(traceId),
      (found) => sorted(found.map(({ service }) => service)).length === SERVICES.length,
    )
    expect(sorted(lines.map(({ service }) => service))).toEqual(sorted(SERVICES))
    for (const line of lines) {
      expect(JSON.parse(line._msg as string)).toMatchObject({ service: line.service, trace_id: traceId })
      expect(line._stream).toBe(`{level="${line.level}",service="${line.service}"}`)
      expect(line['k8s.pod.name']).toMatch(new RegExp(`^${line.service}-`))
      expect(line['k8s.namespace.name']).toBe('default')
    }
  })

  test('lines that are written while the log store is away arrive, though the collector is replaced meanwhile', async () => {
    const [away, replaced] = [newTraceId(), newTraceId()]
    await kubectl(['-n', 'monitoring', 'scale', 'statefulset/loki', '--replicas=0'])
    await kubectl(['-n', 'monitoring', 'wait', '--for=delete', 'pod/loki-0', '--timeout=120s'])
    await buy(away)
    await kubectl(['-n', 'node-logs', 'delete', 'pod', '-l', 'app=log-collector'])
    await rolledOut('node-logs', 'daemonset/log-collector')
    await buy(replaced)
    await kubectl(['-n', 'monitoring', 'scale', 'statefulset/loki', '--replicas=1'])
    await rolledOut('monitoring', 'statefulset/loki')
    for (const traceId of [away, replaced]) {
      const services = async () => sorted((await linesOf(traceId)).map(({ service }) => service))
      await until('its lines', services, (found) => found.length === SERVICES.length)
    }
  })
})

test('only who has to can connect to collector, Jaeger and log store', async () => {
  const served = await Promise.all(['monitoring', 'node-logs'].map(servedPorts))
  const targets = served.flat().filter(({ name }) => /^(collector|jaeger|loki|log-collector):/.test(name))
  expect(targets.map(({ name }) => name)).toEqual(expect.arrayContaining(['collector:4318', 'loki:3100']))
  const open: Record<string, string[]> = {
    grafana: ['jaeger:16686', 'loki:3100'],
    client: [],
    gateway: ['collector:4317', 'collector:4318'],
    collector: ['jaeger:4317'],
    node: [],
    neighbour: [],
  }
  const opened = async () => {
    const found: Record<string, string[]> = {}
    for (const probe of PROBES) {
      const answers = await connectFrom(probe, targets)
      found[probe.name] = sorted(
        targets.filter((_, index) => answers[index] === 'open').map(({ name }) => name),
      )
    }
    return found
  }
  await until(
    'these connections and no others',
    opened,
    (found) => JSON.stringify(found) === JSON.stringify(open),
  )
})

describe('Pod Security', () => {
  const label = 'pod-security.kubernetes.io/enforce'

  test('is restricted where Jaeger and the log store are, and has nothing to object to there', async () => {
    expect(await levelOf('monitoring')).toBe('restricted')
    expect(await relabel('monitoring')).toMatchObject({ code: 0, stderr: '' })
  })

  test('lets the collector of logs have the files of its node, which is all that restricted does not allow', async () => {
    expect(await levelOf('node-logs')).toBe('privileged')
    const { stderr } = await relabel('node-logs')
    expect(stderr).toMatch(/^Warning: log-collector-\w+: restricted volume types$/m)
  })

  test('refuses such a pod in the other namespace', async () => {
    const template = ['daemonset', 'log-collector', '-n', 'node-logs']
    const { spec } = await getJson<{ spec: { template: { spec: object } } }>(template)
    const metadata = { name: 'refused', namespace: 'monitoring' }
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: spec.template.spec })
    const { stderr } = await tryKubectl(['create', '-f', '-', '--dry-run=server'], { input })
    expect(stderr).toMatch(/violates PodSecurity "restricted.*hostPath/)
  })

  async function levelOf(namespace: string): Promise<string | undefined> {
    const read = ['namespace', namespace]
    return (await getJson<{ metadata: { labels: Record<string, string> } }>(read)).metadata.labels[label]
  }

  /** The server looks at all running pods only when level or version changes. */
  function relabel(namespace: string) {
    const newest = [`${label}=restricted`, `${label}-version=latest`, '--overwrite', '--dry-run=server']
    return tryKubectl(['label', 'namespace', namespace, ...newest])
  }
})

/** Spans without a parent in their trace. */
function rootsOf(spans: ReceivedSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const roots = spans.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId))
  return roots.map(({ kind, name }) => `${kind} ${name}`).sort()
}

function newTraceId(): string {
  return randomBytes(16).toString('hex')
}

/** Each once. */
function sorted(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names)].map(String).sort()
}
