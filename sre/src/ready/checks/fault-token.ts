import { type Check, noContainers } from '../check.ts'
import { ofServices } from '../services.ts'
import { isSet, plainValue } from '../system/workload.ts'

/** As long as that of SERVICE_TOKEN. */
const SHORTEST = 16

export const faultToken: Check = {
  id: 'fault-token',
  question: 'Can faults be injected only with a secret that is hard to guess?',
  risk: 'Those who guess the token can make every purchase fail.',
  weight: 2,
  fix: `Leave FAULT_ADMIN_TOKEN empty, or give it a random value of ${SHORTEST} characters or more (\`openssl rand -hex 16\`)`,
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    const workloads = ofServices(await inspected.workloads(), inspected.services)
    const open = workloads.filter((workload) => isSet(workload, 'FAULT_ADMIN_TOKEN'))
    const weak = open.filter(
      (workload) => (plainValue(workload, 'FAULT_ADMIN_TOKEN')?.length ?? SHORTEST) < SHORTEST,
    )
    const names = weak.map(({ service }) => service).join(', ')
    return {
      status: weak.length === 0 ? 'pass' : 'fail',
      evidence:
        weak.length > 0
          ? `FAULT_ADMIN_TOKEN has less than ${SHORTEST} characters: ${names}`
          : open.length > 0
            ? `FAULT_ADMIN_TOKEN is set, and long: ${open.map(({ service }) => service).join(', ')}`
            : 'FAULT_ADMIN_TOKEN is unset: there is no /faults that changes anything',
      at: inspected.context.now(),
    }
  },
}
