import { IDEMPOTENCY_KEY_HEADER } from '@quickticket/contract/headers'
import { CHARGE_EXPIRED, Charged, ChargeHeaders, ChargeRequest } from '@quickticket/contract/payment'
import { injectLatency, type ServiceFaults } from '@quickticket/faults/service-faults'
import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import type { Config } from '../config.ts'
import { createLedgerLog, type Ledger, paymentRef } from '../ledger.ts'
import type { ChargeMetrics } from '../metrics.ts'

export interface ChargeDeps {
  ledger: Ledger
  metrics: ChargeMetrics
  faults: ServiceFaults
}

export function chargeRoute(app: App, config: Config, { ledger, metrics, faults }: ChargeDeps): void {
  const ledgerLog = createLedgerLog(app.log)
  const lags = faults.sampler('latency', '/charge', config.PAYMENT_LATENCY_MS > 0 ? 1 : 0)
  const fails = faults.sampler('status', '/charge', config.PAYMENT_FAILURE_RATE)
  const losesAnswer = faults.sampler('lost-response', '/charge', config.PAYMENT_LOST_ANSWER_RATE)

  app.post(
    '/charge',
    {
      schema: {
        tags: ['payments'],
        operationId: 'charge',
        summary: 'Charge once per idempotency key',
        description: 'Repeating it with the same key and amount is safe, and answers the same reference.',
        headers: ChargeHeaders,
        body: ChargeRequest,
        response: { 200: Charged },
        problems: [chargeExpired, chargeVoided, keyReused, paymentFailed],
      },
    },
    async (request) => {
      const { body, headers, log } = request
      const { reservation_id, amount, charge_before } = body
      const key = headers[IDEMPOTENCY_KEY_HEADER] ?? reservation_id
      if (lags()) {
        log.info({ reservation_id, latency_ms: config.PAYMENT_LATENCY_MS }, 'injected latency')
        await injectLatency(config.PAYMENT_LATENCY_MS)
      }
      if (fails()) {
        metrics.charges.inc({ result: 'failed' })
        log.warn({ reservation_id }, 'injected failure')
        throw paymentFailed()
      }
      if (charge_before !== undefined && Date.now() > charge_before) {
        metrics.charges.inc({ result: 'expired' })
        throw chargeExpired()
      }

      const payment_ref = paymentRef(key)
      const entry = ledger.charge(key, amount)
      if (entry.result === 'other_amount') {
        metrics.charges.inc({ result: 'refused' })
        const refused = {
          ledger: 'refused',
          key,
          reservation_id,
          amount,
          charged_amount: entry.chargedAmount,
        }
        ledgerLog(request).warn(refused, 'payment refused: the key was charged with another amount')
        throw keyReused()
      }
      if (entry.result === 'voided') {
        metrics.charges.inc({ result: 'refused' })
        ledgerLog(request).warn(
          { ledger: 'refused', key, reservation_id, amount },
          'payment refused: the key was voided',
        )
        throw chargeVoided()
      }
      const replayed = entry.result === 'replayed'
      metrics.charges.inc({ result: replayed ? 'replayed' : 'success' })
      const line = { ledger: 'charge', key, reservation_id, amount, payment_ref, replayed }
      ledgerLog(request).info(line, 'payment success')
      if (losesAnswer()) {
        log.warn({ reservation_id, payment_ref }, 'injected failure after the charge')
        throw paymentFailed()
      }
      return { status: 'charged', payment_ref }
    },
  )
}

function chargeExpired(): Problem {
  return new Problem(409, CHARGE_EXPIRED, 'The checkout was over before the charge took effect')
}

function chargeVoided(): Problem {
  return new Problem(409, 'charge_voided', 'The charge was voided, and is not made again')
}

function keyReused(): Problem {
  return new Problem(422, 'idempotency_key_reused', 'The idempotency key was charged with another amount')
}

function paymentFailed(): Problem {
  return new Problem(500, 'payment_failed', 'Payment processing failed')
}
