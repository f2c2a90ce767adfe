import type { KubernetesObject } from '../../src/objects.ts'
import { workloads } from './pods.ts'

const SECRET = 'ghcr-secret'

/** Images of this project that are not from the registry, and pods with such images that may not pull them. */
export function registryProblems(objects: KubernetesObject[], registry: string, tag: string): string[] {
  return workloads(objects).flatMap(({ name, pod, containers }) => {
    const own = containers.map(({ image = '' }) => image).filter((image) => image.includes('quickticket-'))
    const elsewhere = own.filter(
      (image) => !image.startsWith(`${registry}/quickticket-`) || !image.endsWith(`:${tag}`),
    )
    const mayPull = pod.imagePullSecrets?.some((secret) => secret.name === SECRET)
    return [
      ...elsewhere.map((image) => `${name} uses ${image}, which is not in ${registry}`),
      ...(own.length > 0 && !mayPull ? [`${name} may not pull ${own[0]}: it lacks ${SECRET}`] : []),
    ]
  })
}
