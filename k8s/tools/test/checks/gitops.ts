import { type KubernetesObject, nameOf } from '../../src/objects.ts'

const KEPT = ['Namespace', 'PersistentVolumeClaim']
const STARTED = ['Job', 'CronJob']

/** Data that Argo CD would remove together with its manifest, and suspended jobs for which it would wait without end. */
export function gitopsProblems(objects: KubernetesObject[]): string[] {
  return objects.flatMap((object) => {
    const { kind, metadata } = object
    const { annotations = {} } = metadata as { annotations?: Record<string, string> }
    const options = annotations['argocd.argoproj.io/sync-options']?.split(',') ?? []
    const lacking = ['Prune=false', 'Delete=false'].filter((option) => !options.includes(option))
    if (KEPT.includes(kind) && lacking.length > 0) return [`${nameOf(object)} lacks ${lacking.join(' and ')}`]
    const suspended = STARTED.includes(kind) && (object.spec as { suspend?: boolean }).suspend
    if (suspended && annotations['argocd.argoproj.io/ignore-healthcheck'] !== 'true')
      return [`${nameOf(object)} is suspended, so that its Application is never healthy`]
    return []
  })
}
