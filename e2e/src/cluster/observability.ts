import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type ReceivedSpan, readSpans } from '@quickticket/testing/otlp-spans'
import { REPOSITORY } from '@quickticket/testing/repository'
import { getJson, kubectl, tryKubectl } from './kubectl.ts'
import type { Probe } from './probes.ts'
import { awaitWorkloads } from './state.ts'
import { until } from './wait.ts'

const OVERLAY = 'lab11-observability'

/** May ask Jaeger and the store of log lines, by its label. */
export const ASKING: Probe = { name: 'grafana', namespace: 'monitoring', labels: { app: 'grafana' } }
export const BUYING: Probe = {
  name: 'client',
  namespace: 'default',
  labels: { 'app.kubernetes.io/component': 'client' },
}

/**
 * Lab 11 with traces and logs. VictoriaLogs, which takes OTLP as Loki does, stands in for Loki; every trace is kept, and soon.
 */
export async function applyObservability(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-observability-'))
  const overlay = relative(realpathSync(directory), join(REPOSITORY, 'k8s/overlays', OVERLAY))
  const patches = [LOG_STORE, KEEP_ALL, await logsOfNode()].map((patch) => ({ patch }))
  const kustomization = { kind: 'Kustomization', resources: [overlay], patches }
  writeFileSync(join(directory, 'kustomization.yaml'), JSON.stringify(kustomization))
  try {
    await kubectl(['apply', '-k', directory])
  } finally {
    rmSync(directory, { recursive: true })
  }
  await skipCanary()
  await Promise.all([awaitWorkloads('default'), awaitWorkloads('monitoring')])
  await rolledOut('monitoring', 'statefulset/loki')
  await rolledOut('node-logs', 'daemonset/log-collector')
}

/** Back to lab 11. */
export async function removeObservability(): Promise<void> {
  await kubectl(['apply', '-k', 'k8s/overlays/lab11'])
  await skipCanary()
  const made = ['collector', 'jaeger', 'loki']
  const kinds = 'deployments,statefulsets,services,networkpolicies'
  await kubectl(['-n', 'monitoring', 'delete', kinds, ...made, '--ignore-not-found'])
  await kubectl(['-n', 'monitoring', 'delete', 'pvc', 'data-loki-0', '--ignore-not-found'])
  await kubectl(['delete', 'namespace', 'node-logs', '--ignore-not-found', '--timeout=180s'])
  await Promise.all([awaitWorkloads('default'), awaitWorkloads('monitoring')])
}

/** A promotion that comes before the controller has seen the new version promotes the old one. */
async function skipCanary(): Promise<void> {
  const read = () =>
    getJson<{ metadata: { generation: number }; status: { observedGeneration: string } }>([
      'rollout',
      'gateway',
    ])
  await until('the controller to see the gateway', read, ({ metadata, status }) => {
    return status.observedGeneration === String(metadata.generation)
  })
  await kubectl(['argo', 'rollouts', 'promote', 'gateway', '--full'])
}

export async function rolledOut(namespace: string, workload: string): Promise<void> {
  await kubectl(['-n', namespace, 'rollout', 'status', workload, '--timeout=180s'])
}

/** Reserves and pays as one trace. @returns the status of the pay */
export async function buy(traceId: string): Promise<number> {
  const script = `
    const post = (path, body) => fetch('http://gateway:8080' + path, {
      method: 'POST', body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', traceparent: '00-${traceId}-00f067aa0ba902b7-01' } })
    const { reservation_id } = await (await post('/events/1/reserve', { quantity: 1 })).json()
    process.stdout.write(String((await post('/reserve/' + reservation_id + '/pay', {})).status))`
  return Number(await runIn(BUYING, script))
}

/** None while it has not arrived. */
export async function spansOf(traceId: string): Promise<ReceivedSpan[]> {
  const answer = await ask(`http://jaeger:16686/api/v3/traces/${traceId}`)
  const { result = { resourceSpans: [] } } = JSON.parse(answer) as { result?: object }
  return readSpans({ 'content-type': 'application/json' }, Buffer.from(JSON.stringify(result)))
}

export async function linesOf(traceId: string): Promise<Record<string, string>[]> {
  const answer = await ask(`http://loki:3100/select/logsql/query?query=trace_id:%22${traceId}%22`)
  return answer
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, string>)
}

function ask(url: string): Promise<string> {
  return runIn(ASKING, `process.stdout.write(await (await fetch('${url}')).text())`)
}

function runIn({ name, namespace }: Probe, script: string): Promise<string> {
  const node = ['node', '--input-type=module', '-e', script]
  return kubectl(['exec', `probe-${name}`, '-n', namespace, '--', ...node], { timeoutMs: 30_000 })
}

const LOG_STORE = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: loki, namespace: monitoring }
spec:
  template:
    spec:
      containers:
        - name: loki
          image: victoriametrics/victoria-logs:v1.52.1
          args: [-storageDataPath=/loki, '-httpListenAddr=:3100']
          startupProbe: { httpGet: { path: /health } }
          livenessProbe: { httpGet: { path: /health } }
          readinessProbe: { httpGet: { path: /health } }
`

const KEEP_ALL = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: collector, namespace: monitoring }
spec:
  template:
    spec:
      containers:
        - name: collector
          env:
            - { name: TRACES_SAMPLE_PERCENT, value: '100' }
            - { name: TRACES_DECISION_WAIT, value: 5s }
`

/** A kubelet may keep the logs of pods elsewhere than in /var/log/pods. */
async function logsOfNode(): Promise<string> {
  const { items } = await getJson<{ items: { metadata: { name: string } }[] }>(['nodes'])
  const path = `/api/v1/nodes/${items[0]?.metadata.name}/proxy/configz`
  const { stdout } = await tryKubectl(['get', '--raw', path])
  const { podLogsDir } = JSON.parse(stdout).kubeletconfig as { podLogsDir?: string }
  return `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: log-collector, namespace: node-logs }
spec:
  template:
    spec:
      containers:
        - name: collector
          env:
            - { name: LOKI_OTLP_URL, value: 'http://loki.monitoring:3100/insert/opentelemetry' }
      volumes:
        - name: pods
          hostPath: { path: ${podLogsDir ?? '/var/log/pods'} }
`
}
