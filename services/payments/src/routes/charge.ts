import type { App } from '@quickticket/kit/app'
import { injectLatency, type OwnFaults } from '@quickticket/kit/faults/own'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { Config } from '../config.ts'
import { type Ledger, ledgerLog, paymentRef } from '../ledger.ts'
import type { ChargeMetrics } from '../metrics.ts'

const Charge = Type.Object({
  reservation_id: Type.String({ minLength: 1, maxLength: 128 }),
  amount: Type.Integer({ minimum: 0, description: 'cents' }),
  charge_before: Type.Optional(
    Type.Integer({ description: 'a charge that would take effect after this moment (Unix ms) is refused' }),
  ),
})

const Charged = Type.Object({ status: Type.String(), payment_ref: Type.String() })

const Headers = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
})

export interface ChargeDeps {
  ledger: Ledger
  counted: ChargeMetrics
  faults: OwnFaults
}

export function chargeRoute(app: App, config: Config, { ledger, counted, faults }: ChargeDeps): void {
  const told = ledgerLog(app.log)
  const lags = faults.dice('latency', '/charge', config.PAYMENT_LATENCY_MS > 0 ? 1 : 0)
  const fails = faults.dice('status', '/charge', config.PAYMENT_FAILURE_RATE)
  const losesAnswer = faults.dice('lost-response', '/charge', config.PAYMENT_LOST_ANSWER_RATE)

  app.post(
    '/charge',
    {
      schema: {
        tags: ['payments'],
        summary: 'Charge once per idempotency key',
        headers: Headers,
        body: Charge,
        response: { 200: Charged },
      },
    },
    async (request) => {
      const { body, headers, log } = request
      const { reservation_id, amount, charge_before } = body
      const key = headers['idempotency-key'] ?? reservation_id
      if (lags()) {
        log.info({ reservation_id, latency_ms: config.PAYMENT_LATENCY_MS }, 'injected latency')
        await injectLatency(config.PAYMENT_LATENCY_MS)
      }
      if (fails()) {
        counted.charges.inc({ result: 'failed' })
        log.warn({ reservation_id }, 'injected failure')
        throw paymentFailed()
      }
      if (charge_before !== undefined && Date.now() > charge_before) {
        counted.charges.inc({ result: 'expired' })
        throw new Problem(409, 'charge_expired', 'The checkout was over before the charge took effect')
      }

      const payment_ref = paymentRef(key)
      const first = ledger.charge(key)
      counted.charges.inc({ result: first ? 'success' : 'replayed' })
      const entry = { ledger: 'charge', key, reservation_id, amount, payment_ref, replayed: !first }
      told(request).info(entry, 'payment success')
      if (losesAnswer()) {
        log.warn({ reservation_id, payment_ref }, 'injected failure after the charge')
        throw paymentFailed()
      }
      return { status: 'charged', payment_ref }
    },
  )
}

function paymentFailed(): Problem {
  return new Problem(500, 'payment_failed', 'Payment processing failed')
}
