import { type Check, notInCluster } from '../check.ts'

/** The one that takes the users' load; those behind it have a fixed number of pods. */
const ENTRY = 'gateway'

export const autoscaling: Check = {
  id: 'autoscaling',
  question: 'Does the gateway get more pods when its load grows?',
  risk: 'A sale that draws more buyers than planned is answered with errors.',
  weight: 2,
  fix: 'Add the component k8s/components/autoscaling to the overlay; it needs a metrics-server',
  async run(inspected) {
    const elsewhere = notInCluster(inspected)
    if (elsewhere) return elsewhere
    const scalers = (await inspected.objects()).filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    const found = scalers.find(({ spec }) => spec.scaleTargetRef?.name === ENTRY)
    return {
      status: found ? 'pass' : 'fail',
      evidence: found
        ? `${found.metadata.name}: ${found.spec.minReplicas ?? 1} to ${found.spec.maxReplicas} pods`
        : `no HorizontalPodAutoscaler for ${ENTRY}`,
      at: inspected.context.now(),
    }
  },
}
