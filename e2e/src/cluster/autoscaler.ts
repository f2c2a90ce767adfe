import { getJson, kubectl } from './kubectl.ts'
import { until } from './wait.ts'

/** What an autoscaler and its Rollout, which have one name, say at one moment. */
export interface Scale {
  /** since the first */
  seconds: number
  /** what the autoscaler wants, and what it has told the Rollout */
  desired: number
  replicas: number
  ready: number
  /** percent of what the pods request; undefined while it is not known */
  cpu: number | undefined
}

export interface ScaleRecorder {
  take(): Promise<Scale>
  /** @throws Error with the last when the time is over */
  until(what: string, wanted: (scale: Scale) => boolean, timeoutMs?: number): Promise<Scale>
  /** Those that differ from the one before. */
  changes(): Scale[]
}

interface Autoscaler {
  status?: {
    desiredReplicas?: number
    currentMetrics?: { resource?: { current: { averageUtilization?: number } } }[] | null
  }
}

interface Rollout {
  spec: { replicas?: number }
  status?: { readyReplicas?: number }
}

export function recordScale(namespace: string, name: string): ScaleRecorder {
  const startedAt = performance.now()
  const taken: Scale[] = []

  async function take(): Promise<Scale> {
    const autoscaler = await getJson<Autoscaler>(['hpa', name, '-n', namespace])
    const rollout = await getJson<Rollout>(['rollout', name, '-n', namespace])
    const scale = {
      seconds: Math.round((performance.now() - startedAt) / 1000),
      desired: autoscaler.status?.desiredReplicas ?? 0,
      replicas: rollout.spec.replicas ?? 1,
      ready: rollout.status?.readyReplicas ?? 0,
      cpu: autoscaler.status?.currentMetrics?.[0]?.resource?.current.averageUtilization,
    }
    taken.push(scale)
    return scale
  }

  return {
    take,
    until: (what, wanted, timeoutMs) => until(what, take, wanted, timeoutMs),
    changes: () =>
      taken.filter((scale, index) => {
        const { seconds: _, ...before } = taken[index - 1] ?? {}
        const { seconds: __, ...now } = scale
        return JSON.stringify(now) !== JSON.stringify(before)
      }),
  }
}

/** Pods that are not needed go soon, one after the other; the next apply takes that back. */
export async function shrinkSoon(namespace: string, name: string): Promise<void> {
  const scaleDown = {
    stabilizationWindowSeconds: 15,
    policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }],
  }
  const patch = JSON.stringify({ spec: { behavior: { scaleDown } } })
  await kubectl(['patch', 'hpa', name, '-n', namespace, '--type=merge', '-p', patch])
}
