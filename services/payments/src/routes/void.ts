import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import { type Ledger, ledgerLog, paymentRef } from '../ledger.ts'
import type { ChargeMetrics } from '../metrics.ts'

const AN_ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

const Void = Type.Object(
  { reservation_id: Type.String({ minLength: 1, maxLength: 128, examples: [AN_ID] }) },
  { title: 'Void' },
)
const Voided = Type.Object(
  {
    status: Type.String({ examples: ['voided'] }),
    payment_ref: Type.String({ examples: ['PAY-1A2B3C4D'] }),
    charged: Type.Boolean({
      description: 'whether there was a charge, as far as this process remembers',
      examples: [true],
    }),
  },
  { title: 'Voided' },
)
const Headers = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'the key of the charge; without it, the id of the reservation is the key',
      examples: [AN_ID],
    }),
  ),
})

/** Voiding twice, or what was never charged, is fine: afterwards the key is not charged. */
export function voidRoute(app: App, ledger: Ledger, counted: ChargeMetrics): void {
  const told = ledgerLog(app.log)
  const schema = {
    tags: ['payments'],
    operationId: 'voidCharge',
    summary: 'Give a charge back',
    description:
      'Repeating it is safe, and so is voiding what was never charged: afterwards the key is not charged.',
    headers: Headers,
    body: Void,
    response: { 200: Voided },
  }
  app.post('/void', { schema }, async (request) => {
    const { body, headers } = request
    const key = headers['idempotency-key'] ?? body.reservation_id
    const payment_ref = paymentRef(key)
    const { first, charged } = ledger.void(key)
    counted.voids.inc({ result: first ? 'success' : 'replayed' })
    const { reservation_id } = body
    const entry = { ledger: 'void', key, reservation_id, payment_ref, charged, replayed: !first }
    told(request).info(entry, 'payment voided')
    return { status: 'voided', payment_ref, charged }
  })
}
