import { IDEMPOTENCY_KEY_HEADER } from '@quickticket/contract/headers'
import { Voided, VoidHeaders, VoidRequest } from '@quickticket/contract/payment'
import type { App } from '@quickticket/kit/app'
import { createLedgerLog, type Ledger, paymentRef } from '../ledger.ts'
import type { ChargeMetrics } from '../metrics.ts'

/** Voiding twice, or what was never charged, is fine: afterwards the key is not charged. */
export function voidRoute(app: App, ledger: Ledger, metrics: ChargeMetrics): void {
  const ledgerLog = createLedgerLog(app.log)
  const schema = {
    tags: ['payments'],
    operationId: 'voidCharge',
    summary: 'Give a charge back',
    description:
      'Repeating it is safe, and so is voiding what was never charged: afterwards the key is not charged.',
    headers: VoidHeaders,
    body: VoidRequest,
    response: { 200: Voided },
  }
  app.post('/void', { schema }, async (request) => {
    const { body, headers } = request
    const key = headers[IDEMPOTENCY_KEY_HEADER] ?? body.reservation_id
    const payment_ref = paymentRef(key)
    const { first, charged } = ledger.void(key)
    metrics.voids.inc({ result: first ? 'success' : 'replayed' })
    const { reservation_id } = body
    const entry = { ledger: 'void', key, reservation_id, payment_ref, charged, replayed: !first }
    ledgerLog(request).info(entry, 'payment voided')
    return { status: 'voided', payment_ref, charged }
  })
}
