import { Checkout, CheckoutRequest } from '@quickticket/contract/checkout'
import { reservationNotFound, storeProblems } from '@quickticket/contract/problems'
import { ReservationPath } from '@quickticket/contract/reservation'
import type { App } from '@quickticket/kit/app'
import type { CheckoutStore } from '../checkout-store.ts'
import type { HoldStore } from '../hold-store.ts'
import { openCheckout } from '../open-checkout.ts'

export function checkoutRoute(app: App, stores: { holds: HoldStore; checkouts: CheckoutStore }): void {
  const schema = {
    tags: ['reservations'],
    operationId: 'openCheckout',
    summary: 'Before charging: make sure that the seats stay held, and write down the intent',
    description: 'Repeating it is safe. The answer has an order when the reservation is paid already.',
    params: ReservationPath,
    body: CheckoutRequest,
    response: { 200: Checkout },
    problems: [reservationNotFound, ...storeProblems],
  }
  app.post('/reservations/:id/checkout', { schema }, async ({ params, body }) => {
    const opened = await openCheckout(stores, params.id, body.charge_within_ms)
    if ('order' in opened) return { reservation_id: params.id, ...opened.order, order: opened.order }
    const { hold, chargeBefore } = opened
    return {
      reservation_id: params.id,
      event_id: hold.eventId,
      quantity: hold.quantity,
      total_cents: hold.totalCents,
      charge_before: chargeBefore,
    }
  })
}
