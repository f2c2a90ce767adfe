import { setTimeout as delay } from 'node:timers/promises'
import { applyObjects, kubectl, tryKubectl } from './kubectl.ts'

/** What the clients saw; they sent each request once. */
export interface LoadReport {
  requests: number
  /** answers of 5xx */
  serverErrors: number
  /** requests without a complete answer, by what ended them */
  refused: number
  reset: number
  timeout: number
  other: number
  /** refused on purpose: 429 and other 4xx, but for 409 */
  rejected: number
  soldOut: number
  orders: number
  /** per second: answers that were good, and requests that were answered 5xx or not at all */
  seconds: { second: number; ok: number; broken: number }[]
  p50Ms: number
  p99Ms: number
}

export interface Load {
  /** Ends the load, if it has not ended by itself. */
  stop(): Promise<LoadReport>
}

export interface LoadOptions {
  namespace: string
  name: string
  buyersPerSecond: number
  /** when it ends by itself */
  mostSeconds?: number
  scenario?: 'mix' | 'list' | 'checkout'
  gatewayUrl?: string
  labels?: Record<string, string>
}

const START_TIMEOUT_MS = 60_000
const REPORT_MARK = '=== report'

/**
 * Buyers from inside the cluster, through the Service: open loop, connections are kept alive, nothing is repeated. Returns when the
 * first of them have come.
 */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { namespace, name } = options
  await tryKubectl(['delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--grace-period=1'])
  await applyObjects([loadPod(options)], ['-n', namespace])
  await logsUntil(namespace, name, ' requests/s to ', START_TIMEOUT_MS)
  return {
    async stop() {
      // to all processes but the shell, which is the first of the container and goes on to write the report
      await tryKubectl(['exec', name, '-n', namespace, '--', 'sh', '-c', 'kill -TERM -1'])
      const logs = await logsUntil(namespace, name, `${REPORT_MARK} ends`, START_TIMEOUT_MS)
      await kubectl(['delete', 'pod', name, '-n', namespace, '--wait=false'])
      const json = logs.split(`${REPORT_MARK} begins`)[1]?.split(`${REPORT_MARK} ends`)[0] ?? ''
      return summarize(JSON.parse(json))
    },
  }
}

function loadPod(options: LoadOptions): object {
  const { namespace, name, buyersPerSecond, mostSeconds = 900, scenario = 'mix', labels } = options
  const url = options.gatewayUrl ?? 'http://gateway:8080'
  const command =
    `node loadgen/src/main.ts ${buyersPerSecond} ${mostSeconds} --url ${url} --scenario ${scenario} --json /tmp/report.json\n` +
    `echo; echo '${REPORT_MARK} begins'; cat /tmp/report.json; echo '${REPORT_MARK} ends'`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/component': 'client', 'quickticket-test': 'load', ...labels },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 2,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'load',
          image: 'quickticket-loadgen:v1',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', command],
          resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1', memory: '256Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '32Mi' } }],
    },
  }
}

/** @throws Error with the log when the text does not come */
async function logsUntil(namespace: string, name: string, text: string, timeoutMs: number): Promise<string> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const { stdout, stderr } = await tryKubectl(['logs', name, '-n', namespace])
    if (stdout.includes(text)) return stdout
    if (performance.now() > deadline)
      throw new Error(`the load ${name} never wrote "${text}":\n${stdout}${stderr}`)
    await delay(500)
  }
}

interface RawReport {
  summary: {
    all: { count: number; p50Ms: number; p99Ms: number }
    routes: {
      route: string
      classes: Record<'2xx' | '3xx' | '409' | '4xx' | '5xx', number>
      failures: Record<'refused' | 'reset' | 'timeout' | 'other', number>
    }[]
    slices: { second: number; ok: number; broken: number }[]
  }
}

function summarize({ summary: { all, routes, slices } }: RawReport): LoadReport {
  const sum = (of: (route: RawReport['summary']['routes'][number]) => number) =>
    routes.reduce((total, route) => total + of(route), 0)
  return {
    requests: all.count,
    serverErrors: sum(({ classes }) => classes['5xx']),
    refused: sum(({ failures }) => failures.refused),
    reset: sum(({ failures }) => failures.reset),
    timeout: sum(({ failures }) => failures.timeout),
    other: sum(({ failures }) => failures.other),
    rejected: sum(({ classes }) => classes['4xx']),
    soldOut: sum(({ classes }) => classes['409']),
    orders: sum(({ route, classes }) => (route === 'POST /reserve/{id}/pay' ? classes['2xx'] : 0)),
    seconds: slices.map(({ second, ok, broken }) => ({ second: Math.round(second), ok, broken })),
    p50Ms: all.p50Ms,
    p99Ms: all.p99Ms,
  }
}

/** Requests that a buyer has lost. */
export function lostOf({ serverErrors, refused, reset, timeout, other }: LoadReport): number {
  return serverErrors + refused + reset + timeout + other
}
