import { internalUrl, PORTS } from '@quickticket/contract/services'
import { faultVariables } from '@quickticket/faults/variables'
import { commonVariables, integer, url } from '@quickticket/kit/config'
import { redisVariables } from '@quickticket/kit/redis-variables'
import { Type } from '@quickticket/kit/schema'
import { tracingVariables } from '@quickticket/kit/tracing/variables'
import type { Static, TObject } from 'typebox'

export const variables = {
  ...commonVariables,
  ...tracingVariables,
  ...faultVariables,
  PORT: integer(0, 65_535, PORTS.gateway, 'port to listen on; 0: any free one'),
  EVENTS_URL: url(internalUrl('events'), 'the events service'),
  PAYMENTS_URL: url(internalUrl('payments'), 'the payments service'),
  NOTIFICATIONS_URL: url(
    '',
    'the notifications service; empty: never called, except where Compose or `npm start` sets it',
  ),
  GATEWAY_TIMEOUT_MS: integer(
    1,
    600_000,
    5000,
    'deadline of one upstream call, from connecting to the last byte; for a charge, of all attempts together',
  ),
  RETRY_MAX: integer(1, 20, 1, 'attempts per charge; 1: no retry'),
  RETRY_BASE_DELAY_MS: integer(
    0,
    60_000,
    100,
    'the first wait between two attempts; it doubles each time, plus up to one base at random',
  ),
  CB_FAILURE_THRESHOLD: integer(0, 1_000_000, 0, 'consecutive failures that open the circuit; 0: off'),
  CB_COOLDOWN_S: integer(1, 86_400, 30, 'seconds until an open circuit lets a probe through'),
  RETRY_BUDGET_PERCENT: integer(0, 1000, 0, 'retries per 100 charges, on top of a reserve of 20; 0: off'),
  CB_STORE: Type.Enum(['memory', 'redis'], {
    default: 'memory',
    description: 'where consecutive failures are counted; `redis`: those of all replicas together',
  }),
  BULKHEAD_EVENTS_MAX: integer(0, 1_000_000, 0, 'calls to events under way before 503; 0: off'),
  BULKHEAD_PAYMENTS_MAX: integer(0, 1_000_000, 0, 'payments being charged before others wait; 0: off'),
  BULKHEAD_PAYMENTS_TIMEOUT_S: Type.Number({
    minimum: 0,
    maximum: 60,
    default: 0.5,
    description: 'seconds that a payment waits for its turn, then 503',
  }),
  NOTIFY_MAX_IN_FLIGHT: integer(1, 1_000_000, 100, 'notifications under way before more are dropped'),
  SHED_EVENT_LOOP_LAG_MS: integer(0, 60_000, 0, 'lag of the event loop at which reads get 503; 0: off'),
  RATE_LIMIT_STORE: Type.Enum(['memory', 'redis'], {
    default: 'memory',
    description: 'where requests are counted; `redis`: those of all replicas together',
  }),
  // for the stores above
  ...redisVariables(sharesState),
  RATE_LIMIT_RPS: integer(
    0,
    1_000_000,
    0,
    'requests per second and path, then 429; probes and `/metrics` are exempt; 0: off',
  ),
}

export type Config = Static<TObject<typeof variables>>

/** Only then does the gateway need Redis. */
export function sharesState(config: Record<string, unknown>): boolean {
  const { RATE_LIMIT_RPS, RATE_LIMIT_STORE, CB_FAILURE_THRESHOLD, CB_STORE } = config
  return (
    (RATE_LIMIT_RPS !== 0 && RATE_LIMIT_STORE !== 'memory') ||
    (CB_FAILURE_THRESHOLD !== 0 && CB_STORE !== 'memory')
  )
}
