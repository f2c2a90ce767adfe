import { PORTS } from '@quickticket/contract/services'
import { faultVariables } from '@quickticket/faults/variables'
import { commonVariables, integer, rate } from '@quickticket/kit/config'
import { tracingVariables } from '@quickticket/kit/tracing/variables'
import type { Static, TObject } from 'typebox'

export const variables = {
  ...commonVariables,
  ...tracingVariables,
  ...faultVariables,
  PORT: integer(0, 65_535, PORTS.payments, 'port to listen on; 0: any free one'),
  PAYMENT_FAILURE_RATE: rate(0, 'share of charges that are answered with 500'),
  PAYMENT_LOST_ANSWER_RATE: rate(
    0,
    'share of charges that take effect and are answered with 500 all the same',
  ),
  PAYMENT_LATENCY_MS: integer(0, 600_000, 0, 'delay of every charge'),
}

export type Config = Static<TObject<typeof variables>>
