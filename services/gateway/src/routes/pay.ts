import type { App } from '@quickticket/kit/app'
import { UpstreamError } from '@quickticket/kit/http-client'
import { Problem } from '@quickticket/kit/problem'
import { type Trace, traceOf } from '@quickticket/kit/trace'
import { type Breaker, CircuitOpenError } from '../breaker.ts'
import { type Bulkhead, BulkheadFullError } from '../bulkhead.ts'
import { type Checkout, type EventsClient, readCheckout } from '../events-client.ts'
import type { Notifier } from '../notifier.ts'
import { ChargeRefused, type PaymentsClient } from '../payments-client.ts'
import {
  eventsProblems,
  orderNotConfirmed,
  paidNotConfirmed,
  paymentFailed,
  paymentsUnavailable,
  paymentTimeout,
  payProblems,
  relayed,
  storeProblems,
} from '../problems.ts'
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
  /** counts charges that came too late by the clock of payments, and so are no fault of the buyer */
  expired: { inc(): void }
  /** for the charge, all attempts and the wait for a place together, in milliseconds */
  chargeTimeoutMs: number
}

/** Pays a reservation: make sure of the seats, charge, confirm. Repeating it at any point is safe. */
export function payRoute(
  app: App,
  { events, payments, bulkhead, breaker, retry, notifier, expired, chargeTimeoutMs }: PayDeps,
): void {
  const schema = {
    tags: ['orders'],
    operationId: 'pay',
    summary: 'Pay a reservation; paying it again answers the same order',
    description:
      'Repeating it is safe at any time, whatever was answered: a reservation is charged at most once.',
    params: ReservationId,
    response: takeAsItIs(Order),
    problems: [
      relayed.reservationNotFound,
      relayed.soldOutAtPayment,
      ...payProblems,
      ...storeProblems,
      ...eventsProblems,
    ],
  }
  app.post('/reserve/:id/pay', { schema }, async (request, reply) => {
    const { id } = request.params
    const trace = traceOf(request.raw)

    const opened = await events.checkout(id, chargeTimeoutMs, trace)
    if (opened.status !== 200) return relay(reply, opened)
    const checkout = readCheckout(opened)
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
      if (error instanceof ChargeRefused && error.isExpired) expired.inc()
      throw chargeProblem(error, reservationId)
    }
  }

  /** The charge stands, and paying again is safe: say so when its order can not be confirmed right now. */
  async function confirm(reservationId: string, paymentRef: string, trace: Trace) {
    try {
      const answer = await events.confirm(reservationId, paymentRef, notifier !== undefined, trace)
      if (answer.status < 500) return answer
      throw orderNotConfirmed(reservationId)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      throw new Problem(error.status, error.code, error.message, {
        details: paidNotConfirmed(reservationId),
        headers: error.headers,
        cause: error.cause,
      })
    }
  }
}

const UNAVAILABLE = [
  [CircuitOpenError, 'circuit_open'],
  [BulkheadFullError, 'payments_busy'],
  [UpstreamError, 'payments_unavailable'],
] as const

function chargeProblem(error: unknown, reservationId: string): unknown {
  if (error instanceof ChargeRefused) {
    const { status, retryAfter } = error
    return paymentFailed(reservationId, { status, retryAfter, cause: error })
  }
  if (error instanceof UpstreamError && error.failure === 'timeout')
    return paymentTimeout(reservationId, error)
  const code = UNAVAILABLE.find(([kind]) => error instanceof kind)?.[1]
  return code ? paymentsUnavailable(code, reservationId, error) : error
}
