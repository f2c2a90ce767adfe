import { injectLatency, type OwnFaults } from '@quickticket/faults/own'
import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { Config } from '../config.ts'
import { type Ledger, ledgerLog, paymentRef } from '../ledger.ts'
import type { ChargeMetrics } from '../metrics.ts'

const AN_ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

const Charge = Type.Object(
  {
    reservation_id: Type.String({ minLength: 1, maxLength: 128, examples: [AN_ID] }),
    amount: Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'cents', examples: [10_000] }),
    charge_before: Type.Optional(
      Type.Integer({
        description: 'a charge that would take effect after this moment (Unix ms) is refused',
        examples: [4_000_000_000_000],
      }),
    ),
  },
  { title: 'Charge' },
)

const Charged = Type.Object(
  {
    status: Type.String({ examples: ['charged'] }),
    payment_ref: Type.String({ examples: ['PAY-1A2B3C4D'] }),
  },
  { title: 'Charged' },
)

const Headers = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'a key is charged once; without it, the id of the reservation is the key',
      examples: [AN_ID],
    }),
  ),
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
        operationId: 'charge',
        summary: 'Charge once per idempotency key',
        description: 'Repeating it with the same key and amount is safe, and answers the same reference.',
        headers: Headers,
        body: Charge,
        response: { 200: Charged },
        problems: [chargeExpired, chargeVoided, keyReused, paymentFailed],
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
        throw chargeExpired()
      }

      const payment_ref = paymentRef(key)
      const entry = ledger.charge(key, amount)
      if (entry.result === 'other_amount') {
        counted.charges.inc({ result: 'refused' })
        const refused = {
          ledger: 'refused',
          key,
          reservation_id,
          amount,
          charged_amount: entry.chargedAmount,
        }
        told(request).warn(refused, 'payment refused: the key was charged with another amount')
        throw keyReused()
      }
      if (entry.result === 'voided') {
        counted.charges.inc({ result: 'refused' })
        told(request).warn(
          { ledger: 'refused', key, reservation_id, amount },
          'payment refused: the key was voided',
        )
        throw chargeVoided()
      }
      const replayed = entry.result === 'replayed'
      counted.charges.inc({ result: replayed ? 'replayed' : 'success' })
      const line = { ledger: 'charge', key, reservation_id, amount, payment_ref, replayed }
      told(request).info(line, 'payment success')
      if (losesAnswer()) {
        log.warn({ reservation_id, payment_ref }, 'injected failure after the charge')
        throw paymentFailed()
      }
      return { status: 'charged', payment_ref }
    },
  )
}

function chargeExpired(): Problem {
  return new Problem(409, 'charge_expired', 'The checkout was over before the charge took effect')
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
