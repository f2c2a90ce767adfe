import { type Component, deployment, service } from '../component.ts'
import {
  events,
  gateway,
  healthProbes,
  POOL_AND_HOLDS,
  payments,
  postgres,
  RESOURCES,
  redis,
  withContainer,
} from '../course.ts'
import type { Shape } from '../shape.ts'

const stores = [postgres, redis].map((store) => withContainer(store, { resources: RESOURCES }))
const services = [{ ...events, env: { ...events.env, ...POOL_AND_HOLDS } }, gateway, payments]

export const probed: Shape = {
  name: 'probed',
  about:
    'lab 4, task 2: both probes on /health and small limits come to pods that run; all Services are there first',
  steps: [
    [...stores, ...services].map(service),
    stores.map(deployment),
    'stores run',
    services.map(deployment),
    'seed',
    services.map(withProbes).map(deployment),
  ],
  readiness: { gateway: '/health', events: '/health' },
  restartsInFaults: true,
  afterLoss: 'nothing',
}

function withProbes(component: Component): Component {
  return withContainer(component, { ...healthProbes(component.port), resources: RESOURCES })
}
