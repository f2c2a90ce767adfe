import type { IContainer } from 'kubernetes-models/v1/Container'
import { type KubernetesObject, nameOf } from '../../src/objects.ts'
import { type Workload, workloads } from './pods.ts'

/** Workloads that would not be replaced, scheduled, watched or ended well. */
export function operationProblems(objects: KubernetesObject[]): string[] {
  const running = workloads(objects).flatMap((workload) => {
    const problems = [
      ...rollout(workload),
      ...cronJob(workload.object),
      ...ending(workload),
      ...workload.containers.flatMap((container) => [...resources(container), ...image(container)]),
      ...workload.pod.containers.flatMap((container) => watched(workload, container)),
    ]
    return problems.map((problem) => `${workload.name} ${problem}`)
  })
  return [...objects.flatMap(tooLarge), ...running]
}

/** `kubectl apply` keeps what it sent in an annotation, and all annotations of an object may have 256 KiB. */
function tooLarge(object: KubernetesObject): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(object))
  return wrong(bytes > 256 * 1024 - 4096, `has ${bytes} bytes, too many to be applied`).map(
    (problem) => `${nameOf(object)} ${problem}`,
  )
}

interface Replaced {
  revisionHistoryLimit?: number
  strategy?: {
    type?: string
    rollingUpdate?: { maxUnavailable?: number }
    canary?: { maxUnavailable?: number }
  }
}

function rollout({ object }: Workload): string[] {
  if (object.kind !== 'Deployment' && object.kind !== 'Rollout') return []
  const { revisionHistoryLimit, strategy = {} } = object.spec as Replaced
  const unavailable = (strategy.canary ?? strategy.rollingUpdate)?.maxUnavailable
  const isStore = object.metadata.labels?.['app.kubernetes.io/component'] === 'store'
  return [
    ...wrong(revisionHistoryLimit === undefined, 'keeps every old ReplicaSet'),
    // two servers on one volume, or one Service in front of two databases
    ...wrong(isStore !== (strategy.type === 'Recreate'), 'is replaced in the wrong way'),
    ...wrong(!isStore && unavailable !== 0, 'may lack pods while it is replaced'),
  ]
}

function cronJob({ kind, spec }: KubernetesObject): string[] {
  if (kind !== 'CronJob') return []
  const { jobTemplate, ...cron } = spec as Record<string, unknown> & {
    jobTemplate: { spec: Record<string, unknown> }
  }
  const lacks = (fields: Record<string, unknown>, names: string[]) =>
    names.filter((name) => fields[name] === undefined).map((name) => `has no ${name}`)
  return [
    ...lacks(cron, [
      'startingDeadlineSeconds',
      'timeZone',
      'successfulJobsHistoryLimit',
      'failedJobsHistoryLimit',
    ]),
    ...lacks(jobTemplate.spec, ['backoffLimit', 'activeDeadlineSeconds']),
    ...wrong(cron.concurrencyPolicy !== 'Forbid', 'may run twice at the same time'),
  ]
}

const SHUTDOWN_TIMEOUT_S = 25

function ending({ object, pod }: Workload): string[] {
  if (object.metadata.labels?.['app.kubernetes.io/component'] !== 'service') return []
  const [container] = pod.containers
  const sleepS = container?.lifecycle?.preStop?.sleep?.seconds ?? 0
  const needsS = sleepS + SHUTDOWN_TIMEOUT_S
  const hasS = pod.terminationGracePeriodSeconds ?? 30
  return wrong(hasS <= needsS, `is killed after ${hasS} s, and may need ${needsS} s to stop`)
}

const NODE_JS = /quickticket-/

function resources({
  name,
  image = '',
  resources: { requests = {}, limits = {} } = {},
  env = [],
}: IContainer): string[] {
  const heap = env.find((variable) => variable.name === 'NODE_OPTIONS')?.value
  return [
    ...['cpu', 'memory', 'ephemeral-storage'].flatMap((resource) => [
      ...wrong(!(resource in requests), `(${name}) requests no ${resource}`),
      ...wrong(!(resource in limits), `(${name}) has no limit of ${resource}`),
    ]),
    ...wrong(Number(limits.cpu) < 1 || /m$/.test(String(limits.cpu)), `(${name}) may use less than a core`),
    ...wrong(
      NODE_JS.test(image) && !/--max-old-space-size-percentage=\d+/.test(heap ?? ''),
      `(${name}) has a heap that does not know its memory limit`,
    ),
  ]
}

function image({ name, image = '', imagePullPolicy }: IContainer): string[] {
  return [
    ...wrong(
      !/:[\w.-]+$|@sha256:/.test(image) || image.endsWith(':latest'),
      `(${name}) has an image that moves`,
    ),
    ...wrong(imagePullPolicy !== 'IfNotPresent', `(${name}) cannot use an imported image`),
  ]
}

function watched({ object }: Workload, { name, ports = [], ...container }: IContainer): string[] {
  // what has no clients
  if (ports.length === 0) return []
  return [
    ...(['startupProbe', 'livenessProbe', 'readinessProbe'] as const).flatMap((probe) =>
      wrong(container[probe] === undefined, `(${name}) has no ${probe}`),
    ),
    ...wrong(
      object.metadata.labels?.['app.kubernetes.io/component'] === 'service' &&
        (container.livenessProbe?.httpGet?.path !== '/livez' ||
          container.readinessProbe?.httpGet?.path !== '/readyz'),
      `(${name}) is watched by a path that asks others`,
    ),
  ]
}

function wrong(is: boolean, problem: string): string[] {
  return is ? [problem] : []
}
