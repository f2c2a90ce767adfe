import { type Check, noContainers } from '../check.ts'
import { ofProduct } from '../services.ts'

export const limits: Check = {
  id: 'limits',
  question: 'Is the memory of each container limited, and in a cluster its CPU asked for?',
  risk: 'One container that leaks takes the memory of all the others.',
  weight: 2,
  fix: 'Compose: mem_limit; cluster: resources.limits.memory and resources.requests.cpu; `npm run sre -- capacity` proposes values',
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    const workloads = ofProduct(await inspected.workloads(), inspected.services)
    const wrong = workloads.flatMap(({ service, memoryLimited, cpuAssigned }) => [
      ...(memoryLimited ? [] : [`${service} has no limit of memory`]),
      ...(cpuAssigned ? [] : [`${service} asks for no CPU`]),
    ])
    return {
      status: wrong.length === 0 ? 'pass' : 'fail',
      evidence: wrong.join(', ') || `limited: ${workloads.map(({ service }) => service).join(', ')}`,
      at: inspected.context.now(),
    }
  },
}
