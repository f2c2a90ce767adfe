import type { IVolume } from 'kubernetes-models/v1/Volume'
import { type KubernetesObject, nameOf } from '../../src/objects.ts'
import { matches, namespaceOf, type Workload, workloads } from './pods.ts'

/** What is made by a person or an operator, and named in the overlay's documentation. */
const MADE_ELSEWHERE = ['ghcr-secret', 'postgres-credentials', 'service-token', 'sre-token']

/** Names, selectors and ports that lead nowhere. */
export function referenceProblems(objects: KubernetesObject[]): string[] {
  const pods = workloads(objects)
  return [
    ...duplicates(objects),
    ...pods.flatMap((pod) => [
      ...selectors(pod),
      ...volumes(pod, objects),
      ...variables(pod, objects),
      ...probes(pod),
    ]),
    ...objects.flatMap((object) => [
      ...service(object, pods),
      ...budget(object, pods),
      ...monitor(object, objects),
      ...autoscaler(object, objects),
      ...analysis(object, objects),
      ...binding(object, objects),
    ]),
  ]
}

function duplicates(objects: KubernetesObject[]): string[] {
  const names = objects.map((object) => `${nameOf(object)} in ${namespaceOf(object)}`)
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`)
}

function selectors({ name, object, labels }: Workload): string[] {
  const selector = (object.spec as { selector?: { matchLabels?: Record<string, string> } }).selector
    ?.matchLabels
  if (!selector || matches(selector, labels)) return []
  return [`${name} selects ${show(selector)}, its pods have ${show(labels)}`]
}

function volumes(workload: Workload, objects: KubernetesObject[]): string[] {
  const { name, namespace, object, pod, containers } = workload
  const { volumeClaimTemplates = [] } = object.spec as { volumeClaimTemplates?: KubernetesObject[] }
  const claimed: IVolume[] = volumeClaimTemplates.map(({ metadata }) => ({ name: metadata.name }))
  const declared = [...(pod.volumes ?? []), ...claimed]
  const mounted = new Set(
    containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name)),
  )
  return [
    ...[...mounted]
      .filter((mount) => !declared.some((volume) => volume.name === mount))
      .map((mount) => `${name} mounts ${mount}, which is no volume of it`),
    ...declared
      .filter((volume) => !mounted.has(volume.name))
      .map((volume) => `${name} does not mount ${volume.name}`),
    ...declared.flatMap(({ configMap, secret, persistentVolumeClaim }) => [
      ...missing(objects, 'ConfigMap', namespace, configMap?.name, name),
      ...missing(objects, 'Secret', namespace, secret?.secretName, name),
      ...missing(objects, 'PersistentVolumeClaim', namespace, persistentVolumeClaim?.claimName, name),
      ...(configMap?.items ?? []).flatMap(({ key }) =>
        missingKey(objects, 'ConfigMap', configMap?.name, key, name),
      ),
    ]),
    ...missing(objects, 'ServiceAccount', namespace, pod.serviceAccountName, name),
    ...(pod.imagePullSecrets ?? []).flatMap((secret) =>
      missing(objects, 'Secret', namespace, secret.name, name),
    ),
  ]
}

function variables({ name, namespace, containers }: Workload, objects: KubernetesObject[]): string[] {
  return containers.flatMap(({ env = [] }) => [
    ...env
      .filter((variable, index) => env.findIndex((other) => other.name === variable.name) !== index)
      .map((variable) => `${name} has ${variable.name} twice`),
    ...env.flatMap(({ valueFrom }) => {
      const { secretKeyRef: secret, configMapKeyRef: map } = valueFrom ?? {}
      return [
        ...missing(objects, 'Secret', namespace, secret?.name, name),
        ...missing(objects, 'ConfigMap', namespace, map?.name, name),
        ...(secret ? missingKey(objects, 'Secret', secret.name, secret.key, name) : []),
        ...(map ? missingKey(objects, 'ConfigMap', map.name, map.key, name) : []),
      ]
    }),
  ])
}

function probes({ name, containers }: Workload): string[] {
  return containers.flatMap((container) => {
    const ports = (container.ports ?? []).flatMap((port) => [port.name, port.containerPort])
    return [container.startupProbe, container.livenessProbe, container.readinessProbe].flatMap((probe) => {
      const port = (probe?.httpGet ?? probe?.tcpSocket)?.port
      return port === undefined || ports.includes(port)
        ? []
        : [`${name} probes port ${port}, which it does not have`]
    })
  })
}

function service(object: KubernetesObject, pods: Workload[]): string[] {
  if (object.kind !== 'Service') return []
  const { selector = {}, ports = [] } = object.spec as {
    selector?: Record<string, string>
    ports?: { port: number; targetPort?: string | number }[]
  }
  const chosen = pods.filter((pod) => pod.namespace === namespaceOf(object) && matches(selector, pod.labels))
  if (chosen.length !== 1)
    return [`${nameOf(object)} selects the pods of ${chosen.length} workloads instead of one`]
  const open = chosen.flatMap((pod) => pod.containers.flatMap(({ ports = [] }) => ports))
  return ports.flatMap(({ port, targetPort = port }) => {
    const target = open.find(({ name, containerPort }) => name === targetPort || containerPort === targetPort)
    if (!target) return [`${nameOf(object)} sends to port ${targetPort}, which its pods do not have`]
    return target.containerPort === port
      ? []
      : [`${nameOf(object)} has port ${port}, its pods ${target.containerPort}`]
  })
}

function budget(object: KubernetesObject, pods: Workload[]): string[] {
  if (object.kind !== 'PodDisruptionBudget') return []
  const { selector, minAvailable } = object.spec as {
    selector: { matchLabels: Record<string, string> }
    minAvailable?: number
  }
  const chosen = pods.filter(({ labels }) => matches(selector.matchLabels, labels))
  if (chosen.length !== 1)
    return [`${nameOf(object)} is about the pods of ${chosen.length} workloads instead of one`]
  const [{ replicas }] = chosen.map(({ object }) => object.spec) as [{ replicas?: number }]
  if (replicas === undefined || minAvailable === undefined || replicas > minAvailable) return []
  return [`${nameOf(object)} keeps ${minAvailable} of ${replicas}: no node could be drained`]
}

function monitor(object: KubernetesObject, objects: KubernetesObject[]): string[] {
  if (object.kind !== 'ServiceMonitor') return []
  const { selector, endpoints } = object.spec as {
    selector: { matchLabels: Record<string, string> }
    endpoints: { port: string }[]
  }
  const services = objects.filter(
    ({ kind, metadata }) => kind === 'Service' && matches(selector.matchLabels, metadata.labels ?? {}),
  )
  if (services.length !== 1) return [`${nameOf(object)} selects ${services.length} Services instead of one`]
  const [{ ports }] = services.map(({ spec }) => spec) as [{ ports: { name: string }[] }]
  return endpoints
    .filter(({ port }) => !ports.some(({ name }) => name === port))
    .map(({ port }) => `${nameOf(object)} scrapes port ${port}, which its Service does not have`)
}

function autoscaler(object: KubernetesObject, objects: KubernetesObject[]): string[] {
  if (object.kind !== 'HorizontalPodAutoscaler') return []
  const { scaleTargetRef: ref } = object.spec as {
    scaleTargetRef: { apiVersion: string; kind: string; name: string }
  }
  const target = objects.find(
    ({ apiVersion, kind, metadata }) =>
      apiVersion === ref.apiVersion && kind === ref.kind && metadata.name === ref.name,
  )
  if (!target) return [`${nameOf(object)} scales ${ref.kind} ${ref.name}, which is not there`]
  const { replicas } = target.spec as { replicas?: number }
  return replicas === undefined ? [] : [`${nameOf(target)} has a number of replicas, and an autoscaler`]
}

interface CanarySteps {
  strategy?: {
    canary?: { steps?: { analysis?: { templates: { templateName: string }[]; args?: Argument[] } }[] }
  }
}
interface Argument {
  name: string
}

function analysis(object: KubernetesObject, objects: KubernetesObject[]): string[] {
  if (object.kind !== 'Rollout') return []
  const steps = (object.spec as CanarySteps).strategy?.canary?.steps ?? []
  return steps.flatMap(({ analysis }) =>
    (analysis?.templates ?? []).flatMap(({ templateName }) => {
      const template = objects.find(
        ({ kind, metadata }) => kind === 'AnalysisTemplate' && metadata.name === templateName,
      )
      if (!template) return [`${nameOf(object)} is analysed by ${templateName}, which is not there`]
      const wanted = ((template.spec as { args?: Argument[] }).args ?? []).map(({ name }) => name)
      const given = (analysis?.args ?? []).map(({ name }) => name)
      return String(wanted) === String(given) ? [] : [`${templateName} takes ${wanted}, it is given ${given}`]
    }),
  )
}

function binding(object: KubernetesObject, objects: KubernetesObject[]): string[] {
  if (object.kind !== 'RoleBinding') return []
  const { roleRef, subjects = [] } = object as KubernetesObject & {
    roleRef: { kind: string; name: string }
    subjects?: { kind: string; name: string; namespace: string }[]
  }
  return [
    ...missing(objects, roleRef.kind, namespaceOf(object), roleRef.name, nameOf(object)),
    ...subjects.flatMap((subject) =>
      missing(objects, subject.kind, subject.namespace, subject.name, nameOf(object)),
    ),
  ]
}

function missing(
  objects: KubernetesObject[],
  kind: string,
  namespace: string,
  name: string | undefined,
  by: string,
): string[] {
  if (name === undefined || MADE_ELSEWHERE.includes(name)) return []
  const there = objects.some(
    (object) => object.kind === kind && object.metadata.name === name && namespaceOf(object) === namespace,
  )
  return there ? [] : [`${by} needs ${kind} ${name}, which is not there`]
}

function missingKey(
  objects: KubernetesObject[],
  kind: string,
  name: string | undefined,
  key: string,
  by: string,
): string[] {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (!found) return []
  const { data = {} } = found as { data?: Record<string, string> }
  return key in data ? [] : [`${by} needs ${key} of ${kind} ${name}, which has ${Object.keys(data)}`]
}

function show(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map((pair) => pair.join('='))
    .join(',')
}
