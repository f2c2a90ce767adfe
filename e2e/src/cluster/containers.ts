import { getJson, type Output, tryKubectl } from './kubectl.ts'

/** One container of a pod, init containers included, as the API server has it. */
export interface Container {
  namespace: string
  pod: string
  app: string
  name: string
  spec: ContainerSpec
  /** commands can be run in it, and its pod stays */
  running: boolean
}

interface ContainerSpec {
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string } } }[]
  envFrom?: unknown[]
  securityContext?: { readOnlyRootFilesystem?: boolean }
  volumeMounts?: { mountPath: string }[]
}

interface PodObject {
  metadata: {
    name: string
    labels?: Record<string, string>
    deletionTimestamp?: string
    ownerReferences?: { kind: string }[]
  }
  spec: { containers: NamedSpec[]; initContainers?: NamedSpec[] }
  status: { containerStatuses?: { name: string; state: { running?: object } }[] }
}
type NamedSpec = ContainerSpec & { name: string }

export async function containersOf(namespace: string): Promise<Container[]> {
  const { items } = await getJson<{ items: PodObject[] }>([
    'pods',
    '-n',
    namespace,
    '-l',
    '!quickticket-test',
  ])
  return items.flatMap(({ metadata, spec, status }) => {
    const stays = !metadata.deletionTimestamp && !metadata.ownerReferences?.some(({ kind }) => kind === 'Job')
    const runs = (name: string) =>
      status.containerStatuses?.some((container) => container.name === name && container.state.running)
    return [...(spec.initContainers ?? []), ...spec.containers].map((container) => ({
      namespace,
      pod: metadata.name,
      app: metadata.labels?.app ?? '',
      name: container.name,
      spec: container,
      running: stays && runs(container.name) === true,
    }))
  })
}

/** Runs a script in it. Returns undefined where the image has no shell. */
export async function shellIn(
  { namespace, pod, name }: Container,
  script: string,
): Promise<Output | undefined> {
  const output = await tryKubectl(['exec', pod, '-n', namespace, '-c', name, '--', 'sh', '-c', script])
  return /executable file not found|no such file or directory: unknown/.test(output.stderr)
    ? undefined
    : output
}
