import { applyObjects, getJson, kubectl, tryKubectl } from './kubectl.ts'
import { awaitWorkloads } from './state.ts'

/** kube-prometheus-stack brings these; where it is not installed, definitions that accept everything take their place. */
const OPERATOR_KINDS = [
  ['ServiceMonitor', 'servicemonitors'],
  ['PrometheusRule', 'prometheusrules'],
] as const

/** What a person does before applying `staging` or `prod`: definitions of the operator's kinds, the namespace, the credentials. */
export async function prepareNamespace(namespace: string): Promise<void> {
  for (const [kind, plural] of OPERATOR_KINDS) {
    const { code } = await tryKubectl(['get', 'crd', `${plural}.monitoring.coreos.com`])
    if (code !== 0) await applyObjects([definition(kind, plural)])
  }
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  await applyObjects([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'postgres-credentials', namespace },
      stringData: { username: 'quickticket', password: 'a-password-of-this-test' },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'service-token', namespace },
      stringData: { token: 'a-token-of-this-test' },
    },
  ])
}

/** Applies `staging` or `prod` to an empty cluster and waits until all of it serves; seats for everyone who comes. */
export async function startProduction(overlay: 'staging' | 'prod'): Promise<string> {
  const namespace = overlay === 'staging' ? 'quickticket-staging' : 'quickticket'
  await prepareNamespace(namespace)
  await kubectl(['apply', '-k', `k8s/overlays/${overlay}`])
  await awaitWorkloads(namespace)
  await sql(namespace, 'UPDATE events SET total_tickets = 1000000')
  return namespace
}

/** Rows as psql writes them without decoration. */
export async function sql(namespace: string, statement: string): Promise<string> {
  const psql = ['psql', '-U', 'quickticket', '-d', 'quickticket', '-Atc', statement]
  return (await kubectl(['exec', '-n', namespace, 'deployment/postgres', '--', ...psql])).trim()
}

export async function ordersOf(namespace: string): Promise<number> {
  return Number(await sql(namespace, 'SELECT count(*) FROM orders'))
}

/** What the auditor says of seats, orders, checkouts and holds, from within a pod of events. */
export function audit(namespace: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return tryKubectl([
    'exec',
    '-n',
    namespace,
    'deployment/events',
    '-c',
    'events',
    '--',
    'node',
    'services/events/src/audit/main.ts',
  ])
}

export interface Pod {
  name: string
  uid: string
  app: string
  node: string
  ready: boolean
  restarts: number
}

interface PodObject {
  metadata: { name: string; uid: string; labels?: Record<string, string>; deletionTimestamp?: string }
  spec: { nodeName?: string }
  status: {
    conditions?: { type: string; status: string }[]
    containerStatuses?: { restartCount: number }[]
  }
}

/** Pods that are not on their way out. */
export async function podsOf(namespace: string, selector: string): Promise<Pod[]> {
  const { items } = await getJson<{ items: PodObject[] }>(['pods', '-n', namespace, '-l', selector])
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      uid: metadata.uid,
      app: metadata.labels?.app ?? '',
      node: spec.nodeName ?? '',
      ready: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
      restarts: status.containerStatuses?.reduce((sum, { restartCount }) => sum + restartCount, 0) ?? 0,
    }))
}

function definition(kind: string, plural: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.monitoring.coreos.com`,
      labels: { 'quickticket-test': 'stand-in' },
      annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in for a test' },
    },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}
