import { readFileSync } from 'node:fs'
import { deployment, type Manifest, service } from '../component.ts'
import { events, gateway, livenessByPort, payments, postgres, RESOURCES, redis } from '../course.ts'
import type { Shape } from '../shape.ts'

/** Where the cluster gets no image of it, `student.ts` takes 17. */
export const POSTGRES_16 = 'postgres:16-alpine'
const SEED = readFileSync(new URL('../seed.sql', import.meta.url), 'utf8')

const settings: Manifest[] = [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'postgres-secret' },
    stringData: { ...postgres.env, DB_USER: 'quickticket', DB_PASS: 'quickticket' },
  },
  // no port is named: as soon as the Services are there, the cluster sets REDIS_PORT=tcp://…
  config('events-config', { DB_HOST: 'postgres', DB_NAME: 'quickticket', REDIS_HOST: 'redis' }),
  config('gateway-config', gateway.env ?? {}),
  config('seed', { 'seed.sql': SEED }),
]

const database = {
  ...postgres,
  image: POSTGRES_16,
  env: {},
  container: {
    envFrom: [{ secretRef: { name: 'postgres-secret' } }],
    readinessProbe: { exec: { command: ['pg_isready', '-U', 'quickticket'] }, periodSeconds: 5 },
    volumeMounts: [{ name: 'seed', mountPath: '/docker-entrypoint-initdb.d' }],
  },
  pod: { volumes: [{ name: 'seed', configMap: { name: 'seed' } }] },
}

const services = [
  {
    ...events,
    env: {},
    container: {
      envFrom: [{ configMapRef: { name: 'events-config' } }, { secretRef: { name: 'postgres-secret' } }],
      startupProbe: { tcpSocket: { port: 8081 }, periodSeconds: 2, failureThreshold: 30 },
      livenessProbe: { httpGet: { path: '/metrics', port: 8081 }, periodSeconds: 10, timeoutSeconds: 3 },
      readinessProbe: { httpGet: { path: '/health', port: 8081 }, periodSeconds: 5, timeoutSeconds: 3 },
      resources: RESOURCES,
    },
    pod: {
      initContainers: [
        waitFor('postgres', POSTGRES_16, 'pg_isready -h postgres -U quickticket'),
        waitFor('redis', redis.image, 'redis-cli -h redis ping | grep -q PONG'),
      ],
    },
  },
  {
    ...gateway,
    env: {},
    container: {
      envFrom: [{ configMapRef: { name: 'gateway-config' } }],
      ...livenessByPort(8080),
      resources: RESOURCES,
    },
  },
  payments,
]

export const configured: Shape = {
  name: 'configured',
  about: 'Secret, ConfigMaps, init containers, and PostgreSQL 16 that seeds itself; the Services come last',
  steps: [
    settings,
    [database, redis, ...services].map(deployment),
    [database, redis, ...services].map(service),
  ],
  readiness: { gateway: '/health', events: '/health' },
  restartsInFaults: false,
  afterLoss: 'the seed',
}

function config(name: string, data: Record<string, string>): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}

function waitFor(name: string, image: string, isThere: string): object {
  return {
    name: `wait-for-${name}`,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', `until ${isThere}; do sleep 1; done`],
  }
}
