import { IMAGES } from '@quickticket/testing/versions'
import type { Manifest } from '../../component.ts'

/** Lab 7: every request over a connection of its own, so that the canary gets its share. */
export const loadgen: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'loadgen' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'loadgen' } },
    template: {
      metadata: { labels: { app: 'loadgen' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'loadgen',
            image: IMAGES.curl,
            imagePullPolicy: 'IfNotPresent',
            command: [
              'sh',
              '-c',
              'while true; do curl -s -m 5 -o /dev/null http://gateway:8080/events; sleep 0.1; done',
            ],
          },
        ],
      },
    },
  },
}
