import { Order } from '@quickticket/contract/order'
import { reservationNotFound, soldOutAtPayment, storeProblems } from '@quickticket/contract/problems'
import { ReservationPath } from '@quickticket/contract/reservation'
import type { App } from '@quickticket/kit/app'
import { invalidId } from '@quickticket/kit/errors'
import { Problem } from '@quickticket/kit/problem'
import type { Trace } from '@quickticket/kit/trace'
import { type EventsClient, readCheckout } from '../events-client.ts'
import type { Notifier } from '../notifier.ts'
import type { ChargeOrder } from '../policies/charge.ts'
import { eventsProblems, orderNotConfirmed, paidNotConfirmed, payProblems } from '../problems.ts'
import { relay, VALIDATED_BY_EVENTS } from '../relay.ts'

export interface PayDeps {
  events: EventsClient
  charge: ChargeOrder
  notifier: Notifier | undefined
  /** for the charge, all attempts and the wait for a place together, in milliseconds */
  chargeTimeoutMs: number
}

/** Pays a reservation: make sure of the seats, charge, confirm. Repeating it at any point is safe. */
export function payRoute(app: App, { events, charge, notifier, chargeTimeoutMs }: PayDeps): void {
  const schema = {
    tags: ['orders'],
    operationId: 'pay',
    summary: 'Pay a reservation; paying it again answers the same order',
    description:
      'Repeating it is safe at any time, whatever was answered: a reservation is charged at most once.',
    params: ReservationPath,
    response: { 200: Order },
    problems: [
      invalidId,
      reservationNotFound,
      soldOutAtPayment,
      ...payProblems,
      ...storeProblems,
      ...eventsProblems,
    ],
  }
  app.post('/reserve/:id/pay', { ...VALIDATED_BY_EVENTS, schema }, async (request, reply) => {
    const { id } = request.params
    const trace = request.trace

    const opened = await events.checkout(id, chargeTimeoutMs, trace)
    if (opened.status !== 200) return relay(reply, opened)
    const checkout = readCheckout(opened)
    if (checkout.order) return checkout.order

    const { total_cents, charge_before } = checkout
    const order = { reservationId: id, amountCents: total_cents, chargeBefore: charge_before }
    const paymentRef = await charge(order, trace)

    const confirmed = await confirm(id, paymentRef, trace)
    if (confirmed.status === 200) {
      request.log.info({ order_id: id, payment_ref: paymentRef }, 'order confirmed')
      notifier?.orderConfirmed(id, trace)
    }
    return relay(reply, confirmed)
  })

  /** The charge stands, and paying again is safe: say so when its order cannot be confirmed right now. */
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
