import type { Shape } from './shape.ts'
import { bare } from './shapes/bare.ts'
import { chart } from './shapes/chart.ts'
import { configured } from './shapes/configured.ts'
import { late } from './shapes/late.ts'
import { probed } from './shapes/probed.ts'

export const SHAPES: readonly Shape[] = [bare, probed, configured, chart, late]

/** How many pods sell; what comes later in the steps has the same replicas. */
export function podCount({ steps }: Shape): number {
  const objects = steps.flatMap((step) => (typeof step === 'string' ? [] : step))
  const workloads = objects.filter(
    ({ kind, metadata }) => ['Deployment', 'Rollout'].includes(kind) && metadata.name !== 'prometheus',
  )
  const replicas = new Map(
    workloads.map(({ metadata, spec }) => [metadata.name, spec as { replicas: number }]),
  )
  return [...replicas.values()].reduce((sum, { replicas }) => sum + replicas, 0)
}
