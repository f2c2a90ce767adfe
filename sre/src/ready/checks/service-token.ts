import { type Check, noContainers } from '../check.ts'
import { ofServices } from '../services.ts'
import { isSet } from '../system/workload.ts'

export const serviceToken: Check = {
  id: 'service-token',
  question: 'Do the services show each other a token?',
  risk: 'A client that reaches events can confirm orders without paying.',
  weight: 3,
  fix: 'Set SERVICE_TOKEN, or SERVICE_TOKEN_FILE, for all of them (docs/configuration.md)',
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    const workloads = ofServices(await inspected.workloads(), inspected.services)
    const without = workloads.filter((workload) => !isSet(workload, 'SERVICE_TOKEN'))
    return {
      status: without.length === 0 ? 'pass' : 'fail',
      evidence:
        without.length > 0
          ? `SERVICE_TOKEN is unset: ${without.map(({ service }) => service).join(', ')}`
          : `SERVICE_TOKEN is set: ${workloads.map(({ service }) => service).join(', ')}`,
      at: inspected.context.now(),
    }
  },
}
