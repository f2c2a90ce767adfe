import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import { type Ledger, ledgerLog, paymentRef } from '../ledger.ts'
import type { ChargeMetrics } from '../metrics.ts'

const Void = Type.Object({ reservation_id: Type.String({ minLength: 1, maxLength: 128 }) })
const Voided = Type.Object({ status: Type.String(), payment_ref: Type.String() })
const Headers = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
})

/** Voiding twice, or what was never charged, is fine: afterwards the key is not charged. */
export function voidRoute(app: App, ledger: Ledger, counted: ChargeMetrics): void {
  const told = ledgerLog(app.log)
  const schema = {
    tags: ['payments'],
    summary: 'Give a charge back',
    headers: Headers,
    body: Void,
    response: { 200: Voided },
  }
  app.post('/void', { schema }, async (request) => {
    const { body, headers } = request
    const key = headers['idempotency-key'] ?? body.reservation_id
    const payment_ref = paymentRef(key)
    const first = ledger.void(key)
    counted.voids.inc({ result: first ? 'success' : 'replayed' })
    const entry = { ledger: 'void', key, reservation_id: body.reservation_id, payment_ref, replayed: !first }
    told(request).info(entry, 'payment voided')
    return { status: 'voided', payment_ref }
  })
}
