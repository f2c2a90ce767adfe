import { type RunProgram, runForJson } from '../../program.ts'
import { CannotTell } from '../../verb.ts'
import { readCreation } from './image-creation.ts'
import type { Variable, Workload } from './workload.ts'

/**
 * The Deployments, StatefulSets and Rollouts of kubectl's current namespace.
 *
 * @throws {CannotTell} when there are none, or kubectl does not tell
 */
export async function readPodTemplates(run: RunProgram): Promise<Workload[]> {
  const listed = await runForJson<List>(run, 'kubectl', ['get', 'deployments,statefulsets', '-o', 'json'])
  const items = [...listed.items, ...(await readRollouts(run))].filter(({ spec }) => spec.template)
  if (items.length === 0) {
    throw new CannotTell('The namespace has no Deployment', 'kubectl get deployments,statefulsets')
  }
  // a cluster does not tell; images of a lab were built by the Docker of this machine
  const created = await readCreation(run, items.flatMap(imagesOf))
  return items.map((item) => workloadOf(item, created)).sort((a, b) => a.service.localeCompare(b.service))
}

async function readRollouts(run: RunProgram): Promise<Item[]> {
  try {
    const { items } = await runForJson<List>(run, 'kubectl', ['get', 'rollouts.argoproj.io', '-o', 'json'])
    return items
  } catch (error) {
    // before lab 7 the cluster has no Argo Rollouts
    if (error instanceof CannotTell && error.message.includes("doesn't have a resource type")) return []
    throw error
  }
}

function imagesOf({ spec: { template } }: Item): string[] {
  return template.spec.containers.map(({ image }) => image)
}

function workloadOf(item: Item, created: Map<string, number>): Workload {
  const {
    metadata,
    spec: { template },
  } = item
  const images = imagesOf(item)
  const times = images.map((image) => created.get(image) ?? Number.NaN)
  const { containers } = template.spec
  const labels = template.metadata.labels ?? {}
  const every = (has: (container: PodContainer) => unknown) => containers.every(has)
  return {
    service: labels.app ?? metadata.name,
    probes: [
      ...(every(({ readinessProbe }) => readinessProbe) ? ['readiness'] : []),
      ...(every(({ livenessProbe }) => livenessProbe) ? ['liveness'] : []),
    ],
    memoryLimited: every(({ resources }) => resources?.limits?.memory),
    cpuAssigned: every(({ resources }) => resources?.limits?.cpu ?? resources?.requests?.cpu),
    variables: containers.flatMap(({ env = [] }) => env.map(variableOf)),
    image: images.join(', '),
    imageCreatedAt: times.some(Number.isNaN) ? undefined : Math.min(...times),
    labels,
  }
}

/** The value of a Secret. @throws {CannotTell} when kubectl may not read it, or it has none of this key */
export async function readSecret(
  run: RunProgram,
  { name, key }: { name: string; key: string },
): Promise<string> {
  const { data = {} } = await runForJson<{ data?: Record<string, string> }>(run, 'kubectl', [
    'get',
    'secret',
    name,
    '-o',
    'json',
  ])
  const encoded = data[key]
  if (encoded === undefined) throw new CannotTell(`The Secret has no ${key}`, `kubectl get secret ${name}`)
  return Buffer.from(encoded, 'base64').toString()
}

function variableOf({ name, value = '', valueFrom }: PodVariable): Variable {
  if (!valueFrom) return { name, value }
  const { secretKeyRef } = valueFrom
  return { name, value: undefined, ...(secretKeyRef && { secret: secretKeyRef }) }
}

interface List {
  items: Item[]
}

interface Item {
  metadata: { name: string }
  spec: { template: { metadata: { labels?: Record<string, string> }; spec: { containers: PodContainer[] } } }
}

interface PodContainer {
  image: string
  readinessProbe?: object
  livenessProbe?: object
  env?: PodVariable[]
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> }
}

interface PodVariable {
  name: string
  value?: string
  valueFrom?: { secretKeyRef?: { name: string; key: string } }
}
