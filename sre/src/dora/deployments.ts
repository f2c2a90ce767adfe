import type { Episode } from '../observed/episodes.ts'
import type { ClusterDeploys } from './cluster.ts'

/** One change of what runs, of one or more services. */
export interface Deployment {
  version: string
  /** the version before it; empty: unknown */
  from: string
  services: string[]
  /** milliseconds since 1970 */
  at: number
  /** when it was given up or replaced by the version before it; undefined: it was not */
  undoneAt: number | undefined
  /** goes back to the version before a deployment: it is the end of a failed one, and no change itself */
  rollback: boolean
  /** why it failed; undefined: it did not */
  failed: 'aborted' | 'rolled back' | 'incident' | undefined
  /** the number of its first incident */
  incident: number | undefined
  /** the commit that Argo CD synced, where it did */
  revision: string | undefined
}

/** Services that change to one version within this time are one deployment. */
const TOGETHER_MS = 30 * 60_000
const CAUSE_WITHIN_MS = 24 * 3_600_000

export interface Incident {
  number: number
  services: string[]
  begunAt: number
  restoredAt: number | undefined
}

/** Puts together what Prometheus and the cluster saw, oldest first, and finds those that were undone. */
export function groupDeploys(episodes: Episode[], { aborted, synced }: ClusterDeploys): Deployment[] {
  const deployments: Deployment[] = []
  for (const { name, service, begin, end, labels } of episodes.toSorted((a, b) => a.begin - b.begin)) {
    const isAborted = labels.aborted === 'true'
    const same = deployments.findLast(({ version, at }) => version === name && begin - at <= TOGETHER_MS)
    if (same && !same.services.includes(service)) {
      same.services.push(service)
      if (isAborted) Object.assign(same, { failed: 'aborted', undoneAt: end })
    } else {
      deployments.push({
        ...blank(name, [service], begin),
        from: labels.from ?? '',
        ...(isAborted && { failed: 'aborted' as const, undoneAt: end }),
      })
    }
  }
  markRollbacks(deployments)
  for (const one of aborted) addAborted(deployments, one)
  for (const one of deployments) {
    one.revision = synced.findLast(({ at }) => at <= one.at && one.at - at <= TOGETHER_MS)?.revision
  }
  return deployments.sort((a, b) => a.at - b.at)
}

/** A deployment that an incident of one of its services follows within a day has failed; the latest one, where there are two. */
export function blameIncidents(deployments: Deployment[], incidents: Incident[]): void {
  for (const { number, services, begunAt } of incidents.toSorted((a, b) => a.begunAt - b.begunAt)) {
    const cause = deployments.findLast(
      (one) =>
        !one.rollback &&
        one.at <= begunAt &&
        begunAt - one.at <= CAUSE_WITHIN_MS &&
        (one.undoneAt === undefined || begunAt <= one.undoneAt) &&
        one.services.some((service) => services.includes(service)),
    )
    if (!cause) continue
    cause.incident ??= number
    cause.failed ??= 'incident'
  }
}

function markRollbacks(deployments: Deployment[]): void {
  for (const [index, one] of deployments.entries()) {
    const undone = deployments
      .slice(0, index)
      .findLast(({ services }) => services.some((service) => one.services.includes(service)))
    const goesBack = undone?.version === one.from && undone.from === one.version && !undone.rollback
    if (!goesBack || one.at - undone.at > CAUSE_WITHIN_MS) continue
    one.rollback = true
    undone.undoneAt = one.at
    undone.failed ??= 'rolled back'
  }
}

function addAborted(deployments: Deployment[], { service, at }: ClusterDeploys['aborted'][number]): void {
  const known = deployments.findLast(
    (one) => one.services.includes(service) && one.at <= at && at - one.at <= CAUSE_WITHIN_MS,
  )
  if (known) {
    known.failed = 'aborted'
    known.undoneAt ??= at
  } else {
    deployments.push({ ...blank('unknown', [service], at), failed: 'aborted', undoneAt: at })
  }
}

function blank(version: string, services: string[], at: number): Deployment {
  return {
    version,
    from: '',
    services,
    at,
    undoneAt: undefined,
    rollback: false,
    failed: undefined,
    incident: undefined,
    revision: undefined,
  }
}
