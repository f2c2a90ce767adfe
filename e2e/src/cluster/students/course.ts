import { IMAGES } from '@quickticket/testing/versions'
import type { Component } from './component.ts'

/** The names, images, ports and variables that lab 4 gives. */
export const postgres: Component = {
  name: 'postgres',
  image: IMAGES.postgres,
  port: 5432,
  env: { POSTGRES_DB: 'quickticket', POSTGRES_USER: 'quickticket', POSTGRES_PASSWORD: 'quickticket' },
}
export const redis: Component = { name: 'redis', image: IMAGES.redis, port: 6379 }
export const payments: Component = {
  name: 'payments',
  image: 'quickticket-payments:v1',
  port: 8082,
  env: { PAYMENT_FAILURE_RATE: '0.0', PAYMENT_LATENCY_MS: '0' },
}
export const events: Component = {
  name: 'events',
  image: 'quickticket-events:v1',
  port: 8081,
  env: {
    DB_HOST: 'postgres',
    DB_PORT: '5432',
    DB_NAME: 'quickticket',
    DB_USER: 'quickticket',
    DB_PASS: 'quickticket',
    REDIS_HOST: 'redis',
    REDIS_PORT: '6379',
  },
}
export const gateway: Component = {
  name: 'gateway',
  image: 'quickticket-gateway:v1',
  port: 8080,
  env: {
    EVENTS_URL: 'http://events:8081',
    PAYMENTS_URL: 'http://payments:8082',
    GATEWAY_TIMEOUT_MS: '5000',
  },
}
export const notifications: Component = {
  name: 'notifications',
  image: 'quickticket-notifications:v1',
  port: 8083,
  env: { NOTIFY_FAILURE_RATE: '0.0', NOTIFY_LATENCY_MS: '0' },
}
/** What the Compose file of the course adds for events. */
export const POOL_AND_HOLDS = { DB_MAX_CONNS: '10', REDIS_TIMEOUT_MS: '1000', RESERVATION_TTL: '300' }

/** Lab 4, task 2. */
export const RESOURCES = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { cpu: '200m', memory: '256Mi' },
}

/** Lab 4, task 2: both probes ask for the dependencies too; a probe has a second, because the sheet says nothing else. */
export function healthProbes(port: number | string): object {
  const httpGet = { path: '/health', port }
  return {
    livenessProbe: { httpGet, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { httpGet, periodSeconds: 5, failureThreshold: 2 },
  }
}

/** What the lab's question about the database leads to: liveness by the port, readiness by what is needed. */
export function livenessByPort(port: number | string): object {
  return {
    ...healthProbes(port),
    livenessProbe: { tcpSocket: { port }, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 3 },
  }
}

export function withContainer(component: Component, container: object): Component {
  return { ...component, container: { ...component.container, ...container } }
}
