import type { Manifest } from '../../component.ts'

export const budgets: Manifest[] = [
  budget('gateway', { minAvailable: 2 }),
  budget('notifications', { maxUnavailable: 1 }),
]

function budget(app: string, limit: object): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: `${app}-pdb` },
    spec: { ...limit, selector: { matchLabels: { app } } },
  }
}
