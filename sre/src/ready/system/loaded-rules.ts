import type { Prometheus } from '../../prometheus.ts'

/** A rule, either as Prometheus has loaded it or as a file declares it. */
export interface LoadedRule {
  group: string
  /** of the alert or of the recorded series */
  name: string
  isAlert: boolean
  expr: string
  forS: number
  keepFiringForS: number
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** @throws {CannotTell} when Prometheus does not answer */
export async function readLoadedRules(prometheus: Prometheus): Promise<LoadedRule[]> {
  const { groups } = (await prometheus.get('/api/v1/rules')) as { groups: Group[] }
  return groups.flatMap(({ name: group, rules }) =>
    rules.map(({ name, type, query, duration, keepFiringFor, labels, annotations }) => ({
      group,
      name,
      isAlert: type === 'alerting',
      expr: query,
      forS: duration ?? 0,
      keepFiringForS: keepFiringFor ?? 0,
      labels: labels ?? {},
      annotations: annotations ?? {},
    })),
  )
}

interface Group {
  name: string
  rules: {
    name: string
    type: 'alerting' | 'recording'
    query: string
    duration?: number
    keepFiringFor?: number
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }[]
}
