import { PORTS } from '@quickticket/contract/services'
import { faultVariables } from '@quickticket/faults/variables'
import { commonVariables, integer, rate } from '@quickticket/kit/config'
import { tracingVariables } from '@quickticket/kit/tracing/variables'
import type { Static, TObject } from 'typebox'

export const variables = {
  ...commonVariables,
  ...tracingVariables,
  ...faultVariables,
  PORT: integer(0, 65_535, PORTS.notifications, 'port to listen on; 0: any free one'),
  NOTIFY_FAILURE_RATE: rate(0, 'share of notifications that are answered with 500'),
  NOTIFY_LATENCY_MS: integer(0, 600_000, 0, 'delay of every notification'),
}

export type Config = Static<TObject<typeof variables>>
