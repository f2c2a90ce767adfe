import { deployment, service } from '../component.ts'
import {
  events,
  gateway,
  livenessByPort,
  POOL_AND_HOLDS,
  payments,
  postgres,
  RESOURCES,
  redis,
  withContainer,
} from '../course.ts'
import type { Shape } from '../shape.ts'

const common = {
  portName: 'tcp',
  labels: { 'app.kubernetes.io/part-of': 'quickticket', 'helm.sh/chart': 'quickticket-0.1.0' },
}
const probes = livenessByPort('http')
const resources = { ...RESOURCES, requests: { cpu: '20m', memory: '64Mi' } }
const components = [
  { ...postgres, ...common },
  { ...redis, ...common },
  ...[{ ...events, env: { ...events.env, ...POOL_AND_HOLDS, DB_MAX_CONNS: '20' } }, gateway, payments].map(
    (component) =>
      withContainer({ ...component, ...common, portName: 'http', replicas: 2 }, { ...probes, resources }),
  ),
]

export const chart: Shape = {
  name: 'chart',
  about:
    'what a chart of the bonus renders: common labels, named ports, two of each service, all at once, Services first',
  steps: [[...components.map(service), ...components.map(deployment)], 'seed'],
  readiness: { gateway: '/health', events: '/health' },
  restartsInFaults: false,
  afterLoss: 'nothing',
}
