import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec'
import { type KubernetesObject, nameOf } from '../../src/objects.ts'

export interface Workload {
  /** as in `Deployment gateway` */
  name: string
  object: KubernetesObject
  namespace: string
  labels: Record<string, string>
  pod: IPodSpec
  /** init containers too */
  containers: IContainer[]
}

interface Templated {
  template?: IPodTemplateSpec
  jobTemplate?: { spec?: { template?: IPodTemplateSpec } }
}

/** Everything that makes pods. */
export function workloads(objects: KubernetesObject[]): Workload[] {
  return objects.flatMap((object) => {
    const spec = object.spec as Templated | undefined
    const template = spec?.template ?? spec?.jobTemplate?.spec?.template
    if (!template?.spec) return []
    const pod = template.spec
    return {
      name: nameOf(object),
      object,
      namespace: namespaceOf(object),
      labels: template.metadata?.labels ?? {},
      pod,
      containers: [...(pod.initContainers ?? []), ...pod.containers],
    }
  })
}

export function namespaceOf({ metadata }: KubernetesObject): string {
  return metadata.namespace ?? 'default'
}

export function matches(selector: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}
