import { ConfirmRequest } from '@quickticket/contract/checkout'
import { Order } from '@quickticket/contract/order'
import { reservationNotFound, soldOutAtPayment, storeProblems } from '@quickticket/contract/problems'
import { ReservationPath } from '@quickticket/contract/reservation'
import type { App } from '@quickticket/kit/app'
import type { CheckoutStore } from '../checkout-store.ts'
import type { HoldStore } from '../hold-store.ts'
import type { EventsMetrics } from '../metrics.ts'
import { MIN_CHARGE_MS, openCheckout } from '../open-checkout.ts'
import type { Outbox } from '../outbox.ts'

export interface ConfirmDeps {
  holds: HoldStore
  checkouts: CheckoutStore
  outbox: Outbox
  metrics: EventsMetrics
  /** starts a round of the reconciler, which gives the charge back */
  runReconciler(): void
}

export function confirmRoute(app: App, deps: ConfirmDeps): void {
  const { holds, checkouts, outbox, metrics, runReconciler } = deps
  const schema = {
    tags: ['reservations'],
    operationId: 'confirmReservation',
    summary: 'After charging: turn the reservation into an order',
    description: 'Repeating it is safe, and answers the same order.',
    params: ReservationPath,
    body: ConfirmRequest,
    response: { 200: Order },
    problems: [reservationNotFound, soldOutAtPayment, ...storeProblems],
  }
  app.post('/reservations/:id/confirm', { schema }, async ({ params, body, log }) => {
    const confirm = () => checkouts.confirm(params.id, body.payment_ref, body.notify ?? false)
    let confirmed = await confirm()
    if (confirmed.outcome === 'unknown') {
      await openCheckout(deps, params.id, MIN_CHARGE_MS)
      confirmed = await confirm()
    }
    if (confirmed.outcome === 'confirmed') return confirmed.order
    if (confirmed.outcome === 'ordered') {
      const { order, soldSeats } = confirmed
      metrics.orders.inc()
      outbox.done('count', order.order_id)
      log.info(
        { order_id: order.order_id, event_id: order.event_id, quantity: order.quantity },
        'order confirmed',
      )
      await endHold(order, soldSeats)
      return order
    }
    if (confirmed.outcome === 'expired' || confirmed.outcome === 'sold_out') {
      log.warn(
        { reservation_id: params.id, reason: confirmed.outcome },
        'not confirmed, the charge is given back',
      )
      // without Redis the hold ends by itself when its time is over
      await holds.release(params.id).catch(() => undefined)
      runReconciler()
    }
    if (confirmed.outcome === 'sold_out') throw soldOutAtPayment()
    throw reservationNotFound()

    /** The order stands even if this fails: the reconciler then ends the hold when Redis answers again. */
    async function endHold({ event_id }: Order, soldSeats: number): Promise<void> {
      try {
        await holds.complete({ reservationId: params.id, eventId: event_id, soldSeats })
        outbox.done('hold', params.id)
      } catch (error) {
        log.warn({ err: error }, 'hold not ended yet')
      }
    }
  })
}
