import { getJson, kubectl, tryKubectl } from './kubectl.ts'

/** Processor time in thousandths of a core, memory in MiB. */
export interface Amounts {
  cpu: number
  memory: number
}

export interface ContainerPlan {
  /** what the pods of one workload have in common */
  workload: string
  pod: string
  container: string
  requests: Amounts
  limits: Amounts
}

export interface PodPlan {
  namespace: string
  name: string
  /** what it takes of a node */
  requests: Amounts
  containers: ContainerPlan[]
}

export interface Usage extends Amounts {
  pod: string
  container: string
  /** it was measured from here on, in milliseconds of the epoch */
  since: number
}

interface ContainerObject {
  name: string
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
}
interface PodObject {
  metadata: { name: string; namespace: string; labels?: Record<string, string> }
  spec: { containers: ContainerObject[]; initContainers?: ContainerObject[] }
  status: { phase: string; containerStatuses?: ContainerStatus[]; initContainerStatuses?: ContainerStatus[] }
}
interface Terminated {
  terminated?: { reason?: string }
}
interface ContainerStatus {
  name: string
  restartCount: number
  state?: Terminated
  lastState?: Terminated
}

/** What the pods of a namespace ask for that have not ended. */
export async function readPlans(namespace: string): Promise<PodPlan[]> {
  return (await podsIn(namespace))
    .filter(({ status }) => !['Succeeded', 'Failed'].includes(status.phase))
    .map(({ metadata, spec }) => {
      const { app = metadata.labels?.['k8s-app'] ?? metadata.name } = metadata.labels ?? {}
      const containers = spec.containers.map((container) => ({
        workload: app,
        pod: metadata.name,
        container: container.name,
        requests: amounts(container.resources?.requests),
        limits: amounts(container.resources?.limits),
      }))
      const first = (spec.initContainers ?? []).map(({ resources }) => amounts(resources?.requests))
      // one after the other, before the others
      const requests = [sum(containers.map(({ requests }) => requests)), ...first].reduce(larger)
      return { namespace, name: metadata.name, requests, containers }
    })
}

/** What `kubectl top pods --containers` shows; undefined where there is no metrics-server. */
export async function readUsage(namespace: string): Promise<Usage[] | undefined> {
  const { code, stdout } = await tryKubectl([
    'get',
    '--raw',
    `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`,
  ])
  if (code !== 0) return undefined
  const { items } = JSON.parse(stdout) as {
    items: {
      metadata: { name: string }
      timestamp: string
      window: string
      containers: { name: string; usage: Record<string, string> }[]
    }[]
  }
  return items.flatMap(({ metadata, timestamp, window, containers }) =>
    containers.map(({ name, usage }) => ({
      pod: metadata.name,
      container: name,
      since: Date.parse(timestamp) - seconds(window) * 1000,
      ...amounts(usage),
    })),
  )
}

/** How often each container was started, and whether one was ended for its memory. */
export async function readEnds(namespace: string): Promise<{ restarts: Map<string, number>; oom: string[] }> {
  const statuses = (await podsIn(namespace)).flatMap(({ metadata, status }) =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map((each) => ({
      ...each,
      name: `${metadata.name}/${each.name}`,
    })),
  )
  return {
    restarts: new Map(statuses.map(({ name, restartCount }) => [name, restartCount])),
    oom: statuses
      .filter(({ state, lastState }) =>
        [state, lastState].some((each) => each?.terminated?.reason === 'OOMKilled'),
      )
      .map(({ name }) => name),
  }
}

/** Periods of 100 ms in which a pod or container had something to do, and those in which it was stopped for its limit. */
export interface Periods {
  all: number
  throttled: number
}

const PERIODS = /^container_cpu_cfs_(throttled_)?periods_total\{(.*)\} (\S+)/

/** By pod and container, of the pods of a namespace; a runtime that does not tell which container leaves it empty. */
export async function readPeriods(namespace: string): Promise<Map<string, Periods>> {
  const { items } = await getJson<{ items: { metadata: { name: string } }[] }>(['nodes'])
  const found = new Map<string, Periods>()
  for (const { metadata } of items) {
    const path = `/api/v1/nodes/${metadata.name}/proxy/metrics/cadvisor`
    for (const line of (await kubectl(['get', '--raw', path])).split('\n')) {
      const [, throttled, labels = '', value] = PERIODS.exec(line) ?? []
      const { pod, container = '', namespace: where } = readLabels(labels)
      if (!pod || where !== namespace) continue
      const name = `${pod}/${container}`
      const periods = found.get(name) ?? { all: 0, throttled: 0 }
      periods[throttled ? 'throttled' : 'all'] += Number(value)
      found.set(name, periods)
    }
  }
  return found
}

function readLabels(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
}

export function sum(parts: Amounts[]): Amounts {
  return parts.reduce((total, { cpu, memory }) => ({ cpu: total.cpu + cpu, memory: total.memory + memory }), {
    cpu: 0,
    memory: 0,
  })
}

export function larger(one: Amounts, other: Amounts): Amounts {
  return { cpu: Math.max(one.cpu, other.cpu), memory: Math.max(one.memory, other.memory) }
}

async function podsIn(namespace: string): Promise<PodObject[]> {
  return (await getJson<{ items: PodObject[] }>(['pods', '-n', namespace])).items
}

function amounts({ cpu = '0', memory = '0' }: Record<string, string> = {}): Amounts {
  return { cpu: quantity(cpu) * 1000, memory: quantity(memory) / UNITS.Mi }
}

const UNITS = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function quantity(text: string): number {
  const [, number, unit] = /^([\d.]+)([a-zA-Z]*)$/.exec(text) as unknown as [
    string,
    string,
    keyof typeof UNITS,
  ]
  return Number(number) * UNITS[unit]
}

/** Of a duration as Go writes it: 1m2.5s. */
function seconds(text: string): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text) ?? []
  return Number(minutes) * 60 + Number(rest)
}
