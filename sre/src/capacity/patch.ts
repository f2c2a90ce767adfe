import { stringify } from 'yaml'
import { lengthText, timeText } from '../text.ts'
import { cpuQuantity, memoryQuantity } from './quantity.ts'
import type { Advice } from './right-size.ts'

/**
 * A strategic merge patch for kustomize, a document for each Deployment of k8s/base.
 *
 * @see https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
 */
export function kustomizePatch(
  advice: Advice[],
  { now, historyMs }: { now: number; historyMs: number },
): string {
  const comment = `# Made by npm run sre -- capacity at ${timeText(now)} from ${lengthText(historyMs)} of measurements.
# For a kustomization.yaml that has the Deployments of k8s/base:
#   patches:
#     - path: THIS_FILE
# Where the gateway is a Rollout or has an autoscaler, these decide its replicas: leave \`replicas\` out there.
`
  const documents = advice
    .filter(({ measured }) => measured)
    .map(({ service, asked }) =>
      stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: service },
        spec: {
          replicas: asked.replicas,
          template: {
            spec: {
              containers: [
                {
                  name: service,
                  resources: {
                    requests: {
                      cpu: cpuQuantity(asked.cpuRequest),
                      memory: memoryQuantity(asked.memoryRequest),
                    },
                    limits: {
                      cpu: cpuQuantity(asked.cpuLimit),
                      memory: memoryQuantity(asked.memoryLimit),
                    },
                  },
                },
              ],
            },
          },
        },
      }),
    )
  return comment + documents.join('---\n')
}
