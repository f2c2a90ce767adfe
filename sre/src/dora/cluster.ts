import { runForJson, runProgram } from '../program.ts'
import { CannotTell } from '../verb.ts'

export interface ClusterDeploys {
  /** canaries that Argo Rollouts has given up and that are still so */
  aborted: { service: string; at: number }[]
  /** what Argo CD has synced, by commit */
  synced: { application: string; revision: string; at: number }[]
  /** what could not be asked */
  missing: string[]
}

/** Asks the cluster, through kubectl, for what Prometheus cannot know: a canary whose pods never started has no metrics. */
export async function readClusterDeploys(): Promise<ClusterDeploys> {
  const [rollouts, applications] = await Promise.all([
    list('rollouts.argoproj.io'),
    list('applications.argoproj.io'),
  ])
  return {
    aborted: abortedRollouts(rollouts.items),
    synced: syncedRevisions(applications.items),
    missing: [rollouts.missing, applications.missing].filter((one) => one !== undefined),
  }
}

/** @see https://argo-rollouts.readthedocs.io/en/stable/features/specification/ */
export function abortedRollouts(items: ClusterObject[]): ClusterDeploys['aborted'] {
  return items.flatMap(({ metadata, status }) => {
    const at = Date.parse(status?.abortedAt ?? '')
    return status?.abort === true && Number.isFinite(at) ? [{ service: metadata?.name ?? '', at }] : []
  })
}

/** @see https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml */
export function syncedRevisions(items: ClusterObject[]): ClusterDeploys['synced'] {
  return items.flatMap(({ metadata, status }) =>
    (status?.history ?? []).flatMap(({ revision = '', deployedAt = '' }) => {
      const at = Date.parse(deployedAt)
      return Number.isFinite(at) && revision ? [{ application: metadata?.name ?? '', revision, at }] : []
    }),
  )
}

async function list(resource: string): Promise<{ items: ClusterObject[]; missing?: string }> {
  const args = ['get', resource, '--all-namespaces', '--output=json', '--request-timeout=10s']
  try {
    const { items = [] } = await runForJson<{ items?: ClusterObject[] }>(runProgram, 'kubectl', args)
    return { items }
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error
    return { items: [], missing: error.message }
  }
}

interface ClusterObject {
  metadata?: { name?: string }
  status?: {
    abort?: boolean
    abortedAt?: string | null
    history?: { revision?: string; deployedAt?: string }[]
  }
}
