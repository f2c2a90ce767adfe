import { type RunningService, startService } from '@quickticket/testing/service-process'
import type { Environment, System } from './system.ts'

/** Another gateway in front of the same system. */
export function startGateway({ url }: System, environment: Environment = {}): Promise<RunningService> {
  return startService('gateway', { EVENTS_URL: url.events, PAYMENTS_URL: url.payments, ...environment })
}

/** Another replica of events on the same PostgreSQL and Redis. */
export function startEvents(system: System, environment: Environment = {}): Promise<RunningService> {
  return startService('events', { ...storesOf(system), PAYMENTS_URL: system.url.payments, ...environment })
}

function storesOf({ postgres, redis }: System): Environment {
  return {
    DB_HOST: postgres.host,
    DB_PORT: String(postgres.port),
    DB_NAME: postgres.database,
    DB_USER: postgres.user,
    DB_PASS: postgres.password,
    ...(redis ? { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port) } : { HOLD_STORE: 'memory' }),
  }
}
