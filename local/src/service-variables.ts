import { join } from 'node:path'
import type { ComponentName, ServiceName } from './components.ts'
import type { Environment } from './options.ts'
import { NAME } from './postgres-cluster.ts'

const DEFAULT_REDIS_PORT = 6379

type Ports = Record<ComponentName, number>

export function databaseVariables(ports: Ports): Environment {
  return {
    DB_HOST: '127.0.0.1',
    DB_PORT: String(ports.postgres),
    DB_NAME: NAME,
    DB_USER: NAME,
    DB_PASS: NAME,
  }
}

/** What this system decides for the program of sre/. */
export function sreVariables(ports: Ports, dataDir: string): Environment {
  return {
    HOST: '127.0.0.1',
    SRE_PORT: String(ports.sre),
    SRE_SYSTEM: 'local',
    SRE_DATA_DIR: join(dataDir, 'sre'),
    GATEWAY_URL: `http://127.0.0.1:${ports.gateway}`,
  }
}

/** What this system decides for a service; everything else comes from the user's own environment. */
export function serviceVariables(
  name: ServiceName,
  ports: Ports,
  environment: Environment,
  hasRedis: boolean,
): Environment {
  const address = {
    // who reaches events or payments past the gateway could confirm orders without paying
    HOST: environment.HOST || '127.0.0.1',
    PORT: String(ports[name]),
  }
  const urlOf = (other: ServiceName, given: string | undefined) => given || `http://127.0.0.1:${ports[other]}`
  // without Redis it is not used, but the port must be valid
  const redis: Environment = {
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(hasRedis ? ports.redis : DEFAULT_REDIS_PORT),
  }
  switch (name) {
    case 'gateway':
      return {
        ...address,
        EVENTS_URL: urlOf('events', environment.EVENTS_URL),
        PAYMENTS_URL: urlOf('payments', environment.PAYMENTS_URL),
        // empty is a choice here: then no notification is sent
        NOTIFICATIONS_URL: environment.NOTIFICATIONS_URL ?? urlOf('notifications', undefined),
        ...redis,
      }
    case 'events':
      return {
        ...address,
        ...databaseVariables(ports),
        PAYMENTS_URL: urlOf('payments', environment.PAYMENTS_URL),
        ...redis,
        ...(hasRedis ? {} : { HOLD_STORE: 'memory' }),
      }
    default:
      return address
  }
}
