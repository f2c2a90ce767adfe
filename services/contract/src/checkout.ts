import { Type } from '@quickticket/kit/schema'
import type { Static } from 'typebox'
import { EXAMPLE_ID, NO_NULL_BYTE } from './ids.ts'
import { Order } from './order.ts'
import { SEATS } from './seats.ts'

export const CheckoutRequest = Type.Object(
  {
    charge_within_ms: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      description: 'time that the payment may take',
      examples: [5000],
    }),
  },
  { title: 'CheckoutRequest' },
)

export type CheckoutRequest = Static<typeof CheckoutRequest>

export const Checkout = Type.Object(
  {
    reservation_id: Type.String({ examples: [EXAMPLE_ID] }),
    ...SEATS,
    charge_before: Type.Optional(
      Type.Integer({
        description: 'Unix ms; a later charge must not take effect',
        examples: [1_790_000_000_000],
      }),
    ),
    // there when the reservation is paid already
    order: Type.Optional(Order),
  },
  { title: 'Checkout' },
)

export type Checkout = Static<typeof Checkout>

export const ConfirmRequest = Type.Object(
  {
    payment_ref: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: NO_NULL_BYTE,
      description: 'the reference of the charge',
      examples: ['PAY-1A2B3C4D'],
    }),
    notify: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'whether the caller sends a notification, and reports it at /orders/notified',
      }),
    ),
  },
  { title: 'ConfirmRequest' },
)

export type ConfirmRequest = Static<typeof ConfirmRequest>
