import { Type } from '@quickticket/kit/schema'
import type { Static } from 'typebox'
import { IDEMPOTENCY_KEY_HEADER } from './headers.ts'
import { EXAMPLE_ID, MAX_INTEGER } from './ids.ts'

const reservation_id = Type.String({ minLength: 1, maxLength: 128, examples: [EXAMPLE_ID] })
const payment_ref = Type.String({ examples: ['PAY-1A2B3C4D'] })

export const ChargeRequest = Type.Object(
  {
    reservation_id,
    amount: Type.Integer({ minimum: 0, maximum: MAX_INTEGER, description: 'cents', examples: [10_000] }),
    charge_before: Type.Optional(
      Type.Integer({
        description: 'a charge that would take effect after this moment (Unix ms) is refused',
        examples: [4_000_000_000_000],
      }),
    ),
  },
  { title: 'Charge' },
)

export type ChargeRequest = Static<typeof ChargeRequest>

export const Charged = Type.Object(
  { status: Type.String({ examples: ['charged'] }), payment_ref },
  { title: 'Charged' },
)

export type Charged = Static<typeof Charged>

/** The code of the problem that payments answers to a charge after its `charge_before`. */
export const CHARGE_EXPIRED = 'charge_expired'

export const VoidRequest = Type.Object({ reservation_id }, { title: 'Void' })

export type VoidRequest = Static<typeof VoidRequest>

export const Voided = Type.Object(
  {
    status: Type.String({ examples: ['voided'] }),
    payment_ref,
    charged: Type.Boolean({
      description: 'whether there was a charge, as far as this process remembers',
      examples: [true],
    }),
  },
  { title: 'Voided' },
)

export type Voided = Static<typeof Voided>

export const ChargeHeaders = idempotencyKey(
  'a key is charged once; without it, the id of the reservation is the key',
)
export const VoidHeaders = idempotencyKey(
  'the key of the charge; without it, the id of the reservation is the key',
)

function idempotencyKey(description: string) {
  return Type.Object({
    [IDEMPOTENCY_KEY_HEADER]: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description, examples: [EXAMPLE_ID] }),
    ),
  })
}
