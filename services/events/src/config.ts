import { internalUrl, PORTS } from '@quickticket/contract/services'
import { faultVariables } from '@quickticket/faults/variables'
import { commonVariables, integer, url } from '@quickticket/kit/config'
import { postgresVariables } from '@quickticket/kit/postgres-variables'
import { redisVariables } from '@quickticket/kit/redis-variables'
import { Type } from '@quickticket/kit/schema'
import { tracingVariables } from '@quickticket/kit/tracing/variables'
import type { Static, TObject } from 'typebox'

export const variables = {
  ...commonVariables,
  ...tracingVariables,
  ...faultVariables,
  PORT: integer(0, 65_535, PORTS.events, 'port to listen on; 0: any free one'),
  ...postgresVariables,
  DB_MAX_CONNS: integer(1, 1000, 10, 'connections to PostgreSQL; more requests than that wait'),
  DB_ACQUIRE_TIMEOUT_MS: integer(1, 20_000, 2000, 'longest wait for a connection before 503'),
  DB_STATEMENT_TIMEOUT_MS: integer(1, 20_000, 3000, 'longest time that one statement may run'),
  DB_LOCK_TIMEOUT_MS: integer(1, 20_000, 2000, 'longest time that one statement may wait for a lock'),
  MIGRATE_ON_START: Type.Enum(['auto', 'true', 'false'], {
    default: 'auto',
    description:
      'whether the service migrates the database; `auto`: only one without any migration; `true`: at each start; `false`: never',
  }),
  ...redisVariables(holdsAreInRedis),
  HOLD_STORE: Type.Enum(['redis', 'memory'], {
    default: 'redis',
    description: 'where held seats are kept; `memory`: in this process, for one replica without Redis',
  }),
  RESERVATION_TTL: integer(1, 86_400, 300, 'seconds that a reservation holds its seats'),
  PAYMENTS_URL: url(internalUrl('payments'), 'where a charge is voided when its order is impossible'),
  AUDIT_INTERVAL_S: integer(0, 86_400, 0, 'seconds between two audits of the invariants; 0: off'),
  RECONCILE_INTERVAL_MS: integer(
    50,
    600_000,
    1000,
    'time between two rounds of settling unfinished checkouts',
  ),
}

function holdsAreInRedis({ HOLD_STORE }: Record<string, unknown>): boolean {
  return HOLD_STORE !== 'memory'
}

export type Config = Static<TObject<typeof variables>>
