import { PORTS as SERVICE_PORTS } from '@quickticket/contract/services'
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer'
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort'
import type { INetworkPolicySpec } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicySpec'
import type { KubernetesObject } from '../../src/objects.ts'
import { matches, workloads } from './pods.ts'

interface Pod {
  name: string
  labels: Record<string, string>
  /** of another namespace than the policies */
  namespace?: string
}

const PORTS = { ...SERVICE_PORTS, postgres: 5432, redis: 6379 }

const OUTSIDE: Pod[] = [
  { name: 'prometheus', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  { name: 'collector', namespace: 'monitoring', labels: { app: 'collector' } },
  { name: 'grafana', namespace: 'monitoring', labels: { app: 'grafana' } },
  { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  { name: 'stranger', namespace: 'elsewhere', labels: { app: 'gateway' } },
]
const INSIDE: Pod[] = [
  { name: 'client', labels: { 'app.kubernetes.io/component': 'client' } },
  { name: 'newcomer', labels: {} },
]

/** The arrows of docs/architecture.md, backups, scraping, spans and names: all that may go anywhere. */
const ARROWS = [
  'gateway → events:8081',
  'gateway → payments:8082',
  'gateway → notifications:8083',
  'events → postgres:5432',
  'events → redis:6379',
  'events → payments:8082',
  'postgres-backup → postgres:5432',
  'postgres-restore-verify → postgres:5432',
  'postgres-backup → prometheus:9090',
  'postgres-restore-verify → prometheus:9090',
  'client → gateway:8080',
  'stranger → gateway:8080',
  'grafana → gateway:8080',
  'collector → gateway:8080',
  'kube-dns → gateway:8080',
  'prometheus → gateway:8080',
  'prometheus → events:8081',
  'prometheus → payments:8082',
  'prometheus → notifications:8083',
  'gateway → collector:4318',
  'events → collector:4318',
  'payments → collector:4318',
  'notifications → collector:4318',
]

/** Connections that the policies allow and should not, and the other way round. */
export function networkProblems(objects: KubernetesObject[]): string[] {
  const policies = objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec as INetworkPolicySpec)
  const own = workloads(objects).map(({ object, labels }) => ({ name: object.metadata.name, labels }))
  const inside: Pod[] = [...own, ...INSIDE]
  const pods = [...inside, ...OUTSIDE]
  const ports = [...Object.values(PORTS), 9090, 4318, 53]
  const allowed = pods.flatMap((from) =>
    pods.flatMap((to) =>
      from === to || (from.namespace && to.namespace)
        ? []
        : ports
            .filter(
              (port) =>
                passes(policies, 'egress', from, to, port) && passes(policies, 'ingress', to, from, port),
            )
            .map((port) => ({ from: from.name, to: to.name, port })),
    ),
  )
  const found = new Set(allowed.map(({ from, to, port }) => `${from} → ${to}:${port}`))
  const wanted = [...ARROWS, ...inside.map(({ name }) => `${name} → kube-dns:53`)]
  return [
    ...wanted.filter((arrow) => !found.has(arrow)).map((arrow) => arrow.replace(' → ', ' may not go to ')),
    ...[...found].filter((arrow) => !wanted.includes(arrow)).map((arrow) => `anybody may go to: ${arrow}`),
  ]
}

function passes(
  policies: INetworkPolicySpec[],
  direction: 'ingress' | 'egress',
  pod: Pod,
  peer: Pod,
  port: number,
): boolean {
  // policies are about the pods of their own namespace; others are open
  if (pod.namespace) return true
  const type = direction === 'ingress' ? 'Ingress' : 'Egress'
  const own = policies.filter(
    ({ podSelector, policyTypes = [] }) => policyTypes.includes(type) && isSelected(podSelector, pod.labels),
  )
  if (own.length === 0) return true
  const rules: Rule[] = own.flatMap((policy) =>
    direction === 'ingress'
      ? (policy.ingress ?? []).map((rule) => ({ peers: rule.from, ports: rule.ports }))
      : (policy.egress ?? []).map((rule) => ({ peers: rule.to, ports: rule.ports })),
  )
  return rules.some(
    ({ peers, ports }) =>
      (!peers || peers.some((rule) => isPeer(rule, peer))) &&
      (!ports || ports.some((rule) => rule.port === port)),
  )
}

interface Rule {
  peers: INetworkPolicyPeer[] | undefined
  ports: INetworkPolicyPort[] | undefined
}

function isPeer({ namespaceSelector, podSelector }: INetworkPolicyPeer, pod: Pod): boolean {
  const namespace = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name']
  return namespace === pod.namespace && isSelected(podSelector, pod.labels)
}

/** @throws Error on an expression that is not `In` */
function isSelected(
  selector: INetworkPolicySpec['podSelector'] = {},
  labels: Record<string, string>,
): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    matches(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') throw new Error(`no policy here uses ${operator} so far`)
      return values.includes(labels[key] ?? '')
    })
  )
}
