import { type Check, notInCluster } from '../check.ts'
import { ofProduct } from '../services.ts'
import { selects } from '../system/objects.ts'

export const networkPolicies: Check = {
  id: 'network-policies',
  question: 'Is the traffic to each pod restricted by a NetworkPolicy?',
  risk: 'A pod that was broken into reaches the database and payments.',
  weight: 2,
  fix: 'Add the component k8s/components/network-policies to the overlay',
  async run(inspected) {
    const elsewhere = notInCluster(inspected)
    if (elsewhere) return elsewhere
    const policies = (await inspected.objects()).filter(({ kind }) => kind === 'NetworkPolicy')
    const workloads = ofProduct(await inspected.workloads(), inspected.services)
    const without = workloads.filter(
      ({ labels }) => !policies.some(({ spec }) => selects(spec.podSelector ?? {}, labels)),
    )
    return {
      status: without.length === 0 ? 'pass' : 'fail',
      evidence:
        without.length > 0
          ? `none for ${without.map(({ service }) => service).join(', ')}`
          : policies.map(({ metadata }) => metadata.name).join(', '),
      at: inspected.context.now(),
    }
  },
}
