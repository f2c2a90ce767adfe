import { type Check, notInCluster } from '../check.ts'
import { ofServices } from '../services.ts'
import { selects } from '../system/objects.ts'

export const disruptionBudgets: Check = {
  id: 'disruption-budgets',
  question: 'Has each service a PodDisruptionBudget?',
  risk: 'Draining a node takes all pods of a service at once.',
  weight: 2,
  fix: 'Add the component k8s/components/disruption-budgets to the overlay',
  async run(inspected) {
    const elsewhere = notInCluster(inspected)
    if (elsewhere) return elsewhere
    const budgets = (await inspected.objects()).filter(({ kind }) => kind === 'PodDisruptionBudget')
    const workloads = ofServices(await inspected.workloads(), inspected.services)
    const without = workloads.filter(
      ({ labels }) => !budgets.some(({ spec }) => selects(spec.selector ?? {}, labels)),
    )
    return {
      status: without.length === 0 ? 'pass' : 'fail',
      evidence:
        without.length > 0
          ? `none for ${without.map(({ service }) => service).join(', ')}`
          : budgets.map(({ metadata }) => metadata.name).join(', '),
      at: inspected.context.now(),
    }
  },
}
