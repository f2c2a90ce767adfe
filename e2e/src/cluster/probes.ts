import { readFileSync } from 'node:fs'
import { PORTS as SERVICE_PORTS } from '@quickticket/contract/services'
import { applyObjects, getJson, kubectl, tryKubectl } from './kubectl.ts'

/** A pod that listens on every port of `PORTS` and from which connections are tried; what policies say of its labels holds for it. */
export interface Probe {
  name: string
  namespace: string
  labels: Record<string, string>
}

/** Where a connection may go; `name` is what the expectation calls it, such as `redis:6379`. */
export interface Target {
  name: string
  /** IPv4 address and port, or `dns:NAME` */
  address: string
  /** what has this address; several may have one name */
  at: string
}

export type Addresses = Record<string, string>

/** The services', the stores' and Prometheus' own. */
export const PORTS = [...Object.values(SERVICE_PORTS), 5432, 6379, 9090]
const LISTEN = readFileSync(new URL('in-pod/listen.ts', import.meta.url), 'utf8')
const CONNECT = readFileSync(new URL('in-pod/connect.ts', import.meta.url), 'utf8')
const NOT_A_PROBE = 'quickticket-test!=probe'

/** Starts them and waits until they run. Returns their IP addresses by their names. */
export async function startProbes(probes: Probe[]): Promise<Addresses> {
  await applyObjects(probes.map(probePod))
  const addresses: Addresses = {}
  for (const { name, namespace } of probes) {
    const pod = `pod/probe-${name}`
    await kubectl(['wait', '--for=jsonpath={.status.phase}=Running', pod, '-n', namespace, '--timeout=300s'])
    addresses[name] = await kubectl(['get', pod, '-n', namespace, '-o', 'jsonpath={.status.podIP}'])
  }
  return addresses
}

export async function stopProbes(probes: Probe[]): Promise<void> {
  for (const { name, namespace } of probes)
    await tryKubectl([
      'delete',
      'pod',
      `probe-${name}`,
      '-n',
      namespace,
      '--ignore-not-found',
      '--wait=false',
    ])
}

/** Every port of every probe. */
export function portsOf(addresses: Addresses): Target[] {
  return Object.entries(addresses).flatMap(([name, ip]) =>
    PORTS.map((port) => ({ name: `${name}:${port}`, address: `${ip}:${port}`, at: `probe-${name}` })),
  )
}

/** The pods of QuickTicket themselves, each on the port that it serves. */
export async function servedPorts(namespace: string): Promise<Target[]> {
  const { items } = await getJson<{ items: ServingPod[] }>(['pods', '-n', namespace, '-l', NOT_A_PROBE])
  return items
    .filter(({ metadata, status }) => status.phase === 'Running' && !metadata.deletionTimestamp)
    .flatMap(({ metadata, spec, status }) =>
      spec.containers
        .flatMap(({ ports = [] }) => ports)
        .map(({ containerPort }) => ({
          name: `${metadata.labels.app}:${containerPort}`,
          address: `${status.podIP}:${containerPort}`,
          at: metadata.name,
        })),
    )
}

interface ServingPod {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string }
  spec: { containers: { ports?: { containerPort: number }[] }[] }
  status: { phase: string; podIP: string }
}

/** Tries all of them from within the probe. Returns `open` for each that was connected, otherwise what happened. */
export async function connectFrom({ name, namespace }: Probe, targets: Target[]): Promise<string[]> {
  const addresses = JSON.stringify(targets.map(({ address }) => address))
  const node = ['node', '--input-type=module-typescript', '-', addresses]
  const answer = await kubectl(['exec', '-i', `probe-${name}`, '-n', namespace, '--', ...node], {
    input: CONNECT,
    timeoutMs: 60_000,
  })
  return JSON.parse(answer) as string[]
}

function probePod({ name, namespace, labels }: Probe): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `probe-${name}`, namespace, labels: { 'quickticket-test': 'probe', ...labels } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      // a condition that is never set: its labels are those of others, whose Services must not send it anything
      readinessGates: [{ conditionType: 'quickticket-test/never' }],
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image: 'quickticket-gateway:v1',
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '--input-type=module-typescript', '-e', LISTEN, ...PORTS.map(String)],
          resources: { requests: { cpu: '5m', memory: '32Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  }
}
