import { commonVariables, integer, url } from '@quickticket/kit/config'
import type { Static, TObject } from 'typebox'

export const variables = {
  ...commonVariables,
  PORT: integer(0, 65_535, 8080, 'port to listen on; 0: any free one'),
  EVENTS_URL: url('http://events:8081', 'the events service'),
  PAYMENTS_URL: url('http://payments:8082', 'the payments service'),
  NOTIFICATIONS_URL: url('', 'the notifications service; empty: never called'),
  GATEWAY_TIMEOUT_MS: integer(1, 600_000, 5000, 'deadline of one upstream call'),
  RETRY_MAX: integer(1, 20, 1, 'attempts per charge; 1: no retry'),
  RETRY_BASE_DELAY_MS: integer(0, 60_000, 100, 'the first wait between two attempts; it doubles each time'),
  CB_FAILURE_THRESHOLD: integer(0, 1_000_000, 0, 'consecutive failures that open the circuit; 0: off'),
  CB_COOLDOWN_S: integer(1, 86_400, 30, 'seconds until an open circuit lets a probe through'),
  RATE_LIMIT_RPS: integer(0, 1_000_000, 0, 'requests per second and path; 0: off'),
}

export type Config = Static<TObject<typeof variables>>
