import { deployment, file, rollout, service } from '../component.ts'
import {
  events,
  gateway,
  livenessByPort,
  notifications,
  POOL_AND_HOLDS,
  payments,
  postgres,
  RESOURCES,
  redis,
  withContainer,
} from '../course.ts'
import type { Shape } from '../shape.ts'
import { analysisTemplate, prometheus } from './late/analysis.ts'
import { backup, DATABASE_VOLUME, volumes } from './late/backup.ts'
import { budgets } from './late/budgets.ts'

const tcpSocket = { port: 8080 }
const CANARY_STEPS = [
  { setWeight: 20 },
  { pause: { duration: '5s' } },
  {
    analysis: {
      templates: [{ templateName: 'gateway-error-rate' }],
      args: [{ name: 'canary-hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
    },
  },
  { setWeight: 60 },
  { pause: { duration: '5s' } },
  { setWeight: 100 },
]

/** Everything of lab 11 is switched on, with the values that its sheet gives. */
const PATTERNS = {
  NOTIFICATIONS_URL: 'http://notifications:8083',
  RETRY_MAX: '3',
  RETRY_BASE_DELAY_MS: '100',
  CB_FAILURE_THRESHOLD: '5',
  CB_COOLDOWN_S: '30',
  RATE_LIMIT_RPS: '10',
  BULKHEAD_PAYMENTS_MAX: '10',
  BULKHEAD_PAYMENTS_TIMEOUT_S: '0.5',
}

/** @param changes what the next version has differently */
export function lateGateway(changes: Record<string, string>) {
  return withContainer(
    {
      ...gateway,
      env: { ...gateway.env, ...PATTERNS, APP_VERSION: 'v1', ...changes },
      replicas: 5,
      spec: { strategy: { canary: { steps: CANARY_STEPS } } },
      pod: { terminationGracePeriodSeconds: 40 },
    },
    {
      livenessProbe: { tcpSocket, initialDelaySeconds: 10, periodSeconds: 10 },
      readinessProbe: { tcpSocket, periodSeconds: 2, failureThreshold: 1 },
      lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 2'] } } },
      resources: RESOURCES,
    },
  )
}

const services = [{ ...events, env: { ...events.env, ...POOL_AND_HOLDS } }, notifications, payments]

export const late: Shape = {
  name: 'late',
  about:
    'labs 7 to 12: a Rollout with analysis, all patterns, budgets, backups, and a volume with columns of the student’s own',
  steps: [
    [...volumes, deployment({ ...postgres, ...DATABASE_VOLUME }), service(postgres), ...file(redis)],
    'stores run',
    'seed',
    'own columns',
    [
      ...prometheus,
      analysisTemplate,
      ...services.flatMap((each) =>
        file(withContainer(each, { ...livenessByPort(each.port), resources: RESOURCES })),
      ),
      rollout(lateGateway({})),
      service(gateway),
      ...budgets,
      backup,
    ],
  ],
  readiness: { gateway: 'its port', events: '/health' },
  restartsInFaults: false,
  afterLoss: 'all',
}
