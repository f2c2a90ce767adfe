import type { App } from '@quickticket/kit/app'
import { UpstreamError } from '@quickticket/kit/http-client'
import { Problem } from '@quickticket/kit/problem'
import { type Trace, traceOf } from '@quickticket/kit/trace'
import { type Breaker, CircuitOpenError } from '../breaker.ts'
import { type Bulkhead, BulkheadFullError } from '../bulkhead.ts'
import type { Checkout, EventsClient } from '../events-client.ts'
import type { Notifier } from '../notifier.ts'
import { ChargeRefused, type PaymentsClient } from '../payments-client.ts'
import { relay } from '../relay.ts'
import type { Retry } from '../retry.ts'
import { Order, ReservationId, takeAsItIs } from '../schemas.ts'

export interface PayDeps {
  events: EventsClient
  payments: PaymentsClient
  /** for charges */
  bulkhead: Bulkhead
  breaker: Breaker
  retry: Retry
  notifier: Notifier | undefined
  /** for the charge, all attempts and the wait for a place together, in milliseconds */
  chargeTimeoutMs: number
}

/** Pays a reservation: make sure of the seats, charge, confirm. Repeating it at any point is safe. */
export function payRoute(
  app: App,
  { events, payments, bulkhead, breaker, retry, notifier, chargeTimeoutMs }: PayDeps,
): void {
  const schema = {
    tags: ['orders'],
    summary: 'Pay a reservation; paying it again answers the same order',
    params: ReservationId,
    response: takeAsItIs(Order),
  }
  app.post('/reserve/:id/pay', { schema }, async (request, reply) => {
    const { id } = request.params
    const trace = traceOf(request.raw)

    const opened = await events.checkout(id, chargeTimeoutMs, trace)
    if (opened.status !== 200) return relay(reply, opened)
    const checkout = JSON.parse(opened.body.toString()) as Checkout
    if (checkout.order) return checkout.order

    const paymentRef = await charge(id, checkout, trace)

    const confirmed = await confirm(id, paymentRef, trace)
    if (confirmed.status === 200) {
      request.log.info({ order_id: id, payment_ref: paymentRef }, 'order confirmed')
      notifier?.orderConfirmed(id, trace)
    }
    return relay(reply, confirmed)
  })

  async function charge(reservationId: string, checkout: Checkout, trace: Trace): Promise<string> {
    const { total_cents, charge_before } = checkout
    const order = { reservationId, amountCents: total_cents, chargeBefore: charge_before }
    try {
      // one place for a payment, whatever it takes; one outcome for the circuit, whatever was retried
      return await bulkhead.run((waitedMs) =>
        breaker.run(() => retry((remainingMs) => payments.charge(order, trace, remainingMs), waitedMs)),
      )
    } catch (error) {
      throw chargeProblem(error, reservationId)
    }
  }

  /** The charge stands, and paying again is safe: say so when its order can not be confirmed right now. */
  async function confirm(reservationId: string, paymentRef: string, trace: Trace) {
    const details = { message: PAID_NOT_CONFIRMED, reservation_id: reservationId }
    try {
      const answer = await events.confirm(reservationId, paymentRef, trace)
      if (answer.status < 500) return answer
      throw new Problem(503, 'order_not_confirmed', 'Order confirmation failed', {
        details,
        headers: RETRY_SOON,
      })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      throw new Problem(error.status, error.code, error.message, {
        details,
        headers: error.headers,
        cause: error.cause,
      })
    }
  }
}

const PAID_NOT_CONFIRMED =
  'The payment arrived, its order is not confirmed yet. Pay again: you are not charged twice.'
const RETRY_SOON = { 'retry-after': '1' }

const UNAVAILABLE = [
  [CircuitOpenError, 'circuit_open'],
  [BulkheadFullError, 'payments_busy'],
  [UpstreamError, 'payments_unavailable'],
] as const

function chargeProblem(error: unknown, reservationId: string): unknown {
  const details = { reservation_id: reservationId }
  if (error instanceof ChargeRefused) {
    const headers: Record<string, string> = error.retryAfter ? { 'retry-after': error.retryAfter } : {}
    return new Problem(error.status, 'payment_failed', 'Payment failed', { details, headers, cause: error })
  }
  if (error instanceof UpstreamError && error.failure === 'timeout') {
    return new Problem(504, 'payment_timeout', 'Payment service timeout', { details, cause: error })
  }
  const code = UNAVAILABLE.find(([kind]) => error instanceof kind)?.[1]
  if (code) {
    const message =
      'Payments are not possible at the moment. Your reservation is held: try again in a few minutes.'
    return new Problem(503, code, 'Payment service unavailable', {
      details: { message, ...details },
      cause: error,
    })
  }
  return error
}
