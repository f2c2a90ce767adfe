import { type RunProgram, runForJson } from '../../program.ts'

/** One of the objects of a cluster that protect pods. */
export interface ClusterObject {
  kind: string
  metadata: { name: string }
  spec: {
    scaleTargetRef?: { name: string }
    minReplicas?: number
    maxReplicas?: number
    selector?: Selector
    podSelector?: Selector
  }
}

export interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** @throws {CannotTell} when kubectl does not tell */
export async function readObjects(run: RunProgram): Promise<ClusterObject[]> {
  const kinds = 'horizontalpodautoscalers,poddisruptionbudgets,networkpolicies'
  const { items } = await runForJson<{ items: ClusterObject[] }>(run, 'kubectl', ['get', kinds, '-o', 'json'])
  return items
}

/** An empty selector selects every pod, as in Kubernetes. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Record<string, string>,
) {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return (operator === 'Exists') === (value !== undefined)
    })
  )
}
