import type { IContainer } from 'kubernetes-models/v1/Container'
import type { KubernetesObject } from '../../src/objects.ts'
import { type Workload, workloads } from './pods.ts'

/** Images that know only their own users. */
const OWN_USER: Record<string, number> = { postgres: 70, redis: 999, grafana: 472 }
/** Prometheus asks the API server for pods. */
const WITH_TOKEN = ['Deployment prometheus']
/** What runs in a namespace with another label, because it reads files of its node, and these alone. */
const NODE_FILES: Record<string, string> = { 'DaemonSet log-collector': '/var/log/pods' }

/**
 * Pods that Pod Security's "restricted" would refuse, or that have more than they need.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function securityProblems(objects: KubernetesObject[]): string[] {
  return workloads(objects).flatMap((workload) => {
    const { name, pod, containers } = workload
    const problems = [
      ...podProblems(workload),
      ...containers.flatMap((container) => containerProblems(container)),
    ]
    if (pod.hostNetwork || pod.hostPID || pod.hostIPC) problems.push('shares a namespace with its node')
    return problems.map((problem) => `${name} ${problem}`)
  })
}

function podProblems({ name, object, pod, containers }: Workload): string[] {
  const security = pod.securityContext ?? {}
  const uid = security.runAsUser ?? 0
  const withToken = WITH_TOKEN.includes(name)
  return [
    ...wrong(security.runAsNonRoot !== true, 'may run as root'),
    ...wrong(uid < 10_000 && uid !== OWN_USER[object.metadata.name], `runs as user ${uid}`),
    ...wrong(security.runAsGroup === undefined || security.runAsGroup === 0, 'has no group of its own'),
    ...wrong(security.seccompProfile?.type !== 'RuntimeDefault', 'has no seccomp profile'),
    ...wrong(
      pod.automountServiceAccountToken !== withToken,
      'gets a service account token, or lacks the one it needs',
    ),
    ...wrong(pod.enableServiceLinks !== false, 'gets variables of Services: REDIS_PORT would be no number'),
    ...wrong((pod.serviceAccountName ?? 'default') !== 'default' && !withToken, 'has a service account'),
    ...(pod.volumes ?? []).flatMap(({ name: volume, hostPath, emptyDir }) => [
      ...wrong(hostPath !== undefined && hostPath.path !== NODE_FILES[name], `mounts ${volume} of its node`),
      ...wrong(
        hostPath !== undefined && !containers.every((container) => isReadOnly(container, volume)),
        `may write to ${volume} of its node`,
      ),
      ...wrong(
        emptyDir !== undefined && emptyDir.sizeLimit === undefined,
        `has a volume ${volume} without a limit`,
      ),
    ]),
  ]
}

function isReadOnly({ volumeMounts = [] }: IContainer, volume: string): boolean {
  return volumeMounts.every(({ name, readOnly }) => name !== volume || readOnly === true)
}

function containerProblems({ name, securityContext: security = {}, ports = [] }: IContainer): string[] {
  const { drop = [], add = [] } = security.capabilities ?? {}
  return [
    ...wrong(security.allowPrivilegeEscalation !== false, 'may gain privileges'),
    ...wrong(security.privileged === true, 'is privileged'),
    ...wrong(security.readOnlyRootFilesystem !== true, 'may write to its image'),
    ...wrong(!(drop.length === 1 && drop[0] === 'ALL') || add.length > 0, 'has capabilities'),
    ...wrong(
      security.runAsUser !== undefined || security.runAsNonRoot !== undefined,
      'has a user of its own',
    ),
    ...wrong(
      ports.some(({ hostPort }) => hostPort !== undefined),
      'takes a port of its node',
    ),
  ].map((problem) => `(${name}) ${problem}`)
}

function wrong(is: boolean, problem: string): string[] {
  return is ? [problem] : []
}
