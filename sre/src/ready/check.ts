import type { Context } from '../context.ts'
import type { LoadedRule } from './system/loaded-rules.ts'
import type { ClusterObject } from './system/objects.ts'
import type { Workload } from './system/workload.ts'

export type Status = 'pass' | 'fail' | 'unknown' | 'not applicable'

export interface Finding {
  status: Status
  /** one line: what was seen */
  evidence: string
  /** when that was so, in milliseconds since 1970; undefined: nothing was seen */
  at?: number
  /** more exact than that of the check; of what is unknown: how to find out */
  fix?: string
}

/** One line of the review. A check fails where its source answers and has no proof; a source that does not answer is `unknown`. */
export interface Check {
  id: string
  question: string
  /** what happens to buyers, or to those on call, when the answer is no: one sentence */
  risk: string
  /** 3: buyers or orders are lost; 2: an incident becomes longer; 1: work becomes slower */
  weight: 1 | 2 | 3
  /** how to get from fail to pass */
  fix: string
  /** @throws {CannotTell} the status is `unknown` then */
  run(inspected: Inspected): Promise<Finding> | Finding
}

/** What the checks look at. Each source is asked once, by the first check that needs it. */
export interface Inspected {
  context: Context
  services: string[]
  /** how old a proof may be */
  maxAgeMs: number
  workloads(): Promise<Workload[]>
  rules(): Promise<LoadedRule[]>
  /** of a cluster: HorizontalPodAutoscalers, PodDisruptionBudgets and NetworkPolicies */
  objects(): Promise<ClusterObject[]>
  /** of a cluster: the value of a Secret, to compare it and never to show it */
  secretValue(secret: { name: string; key: string }): Promise<string>
}

export function notInCluster({ context }: Inspected): Finding | undefined {
  if (context.system === 'cluster') return undefined
  return { status: 'not applicable', evidence: `SRE_SYSTEM is ${context.system}: only a cluster has them` }
}

export function noContainers({ context }: Inspected): Finding | undefined {
  if (context.system !== 'local') return undefined
  return {
    status: 'not applicable',
    evidence: 'SRE_SYSTEM is local: the services are processes of npm start',
  }
}
