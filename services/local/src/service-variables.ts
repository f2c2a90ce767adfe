import type { ComponentName, ServiceName } from './components.ts'
import type { Environment } from './options.ts'
import { NAME } from './postgres-cluster.ts'

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

/** What this system decides for a service; everything else comes from the user's own environment. */
export function serviceVariables(
  name: ServiceName,
  ports: Ports,
  environment: Environment,
  hasRedis: boolean,
): Environment {
  const PORT = String(ports[name])
  const urlOf = (other: ServiceName, given: string | undefined) => given ?? `http://127.0.0.1:${ports[other]}`
  switch (name) {
    case 'gateway':
      return {
        PORT,
        EVENTS_URL: urlOf('events', environment.EVENTS_URL),
        PAYMENTS_URL: urlOf('payments', environment.PAYMENTS_URL),
        NOTIFICATIONS_URL: urlOf('notifications', environment.NOTIFICATIONS_URL),
      }
    case 'events':
      return {
        PORT,
        ...databaseVariables(ports),
        PAYMENTS_URL: urlOf('payments', environment.PAYMENTS_URL),
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(ports.redis),
        ...(hasRedis ? {} : { HOLD_STORE: 'memory' }),
      }
    default:
      return { PORT }
  }
}
