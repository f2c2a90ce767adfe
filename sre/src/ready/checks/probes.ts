import { type Check, noContainers } from '../check.ts'
import { ofProduct } from '../services.ts'

export const probes: Check = {
  id: 'probes',
  question: 'Has each service a probe of its readiness and its liveness?',
  risk: 'A process that hangs stays in service until a person restarts it.',
  weight: 3,
  fix: 'Compose: a HEALTHCHECK in the image or the file; cluster: readinessProbe and livenessProbe in k8s/base',
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    const needed = inspected.context.system === 'cluster' ? ['readiness', 'liveness'] : ['health check']
    const workloads = ofProduct(await inspected.workloads(), inspected.services)
    const without = workloads.flatMap(({ service, probes }) => {
      const missing = needed.filter((probe) => !probes.includes(probe))
      return missing.length > 0 ? [`${service} has no ${missing.join(' and no ')}`] : []
    })
    return {
      status: without.length === 0 ? 'pass' : 'fail',
      evidence:
        without.join(', ') ||
        `${needed.join(' and ')}: ${workloads.map(({ service }) => service).join(', ')}`,
      at: inspected.context.now(),
    }
  },
}
