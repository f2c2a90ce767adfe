import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { CheckoutStore, Order } from '../checkout-store.ts'
import type { Hold, HoldStore } from '../hold-store.ts'
import type { EventMetrics } from '../metrics.ts'
import { holding } from '../redis-problem.ts'
import { ReservationId, reservationNotFound } from './reservations.ts'

const OrderAnswer = Type.Object({
  order_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  status: Type.String(),
})

const CheckoutRequest = Type.Object({
  charge_within_ms: Type.Integer({
    minimum: 1,
    maximum: 600_000,
    description: 'time that the payment may take',
  }),
})

const CheckoutAnswer = Type.Object({
  reservation_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  charge_before: Type.Optional(Type.Integer({ description: 'Unix ms; a later charge must not take effect' })),
  order: Type.Optional(OrderAnswer),
})

const Confirm = Type.Object({
  // PostgreSQL has no null byte in a text
  payment_ref: Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\u0000]*$' }),
})

export interface CheckoutDeps {
  holds: HoldStore
  checkouts: CheckoutStore
  counted: EventMetrics
  /** asks the reconciler to give a charge back now */
  settle(): void
}

export function checkoutRoutes(app: App, { holds, checkouts, counted, settle }: CheckoutDeps): void {
  const tags = ['reservations']

  app.post(
    '/reservations/:id/checkout',
    {
      schema: {
        tags,
        summary: 'Before charging: make sure that the seats stay held, and write down the intent',
        params: ReservationId,
        body: CheckoutRequest,
        response: { 200: CheckoutAnswer },
      },
    },
    async ({ params, body }) => {
      const opened = await openCheckout(params.id, body.charge_within_ms)
      if ('order' in opened) return { reservation_id: params.id, ...opened.order, order: opened.order }
      const { hold, charge_before } = opened
      return {
        reservation_id: params.id,
        event_id: hold.eventId,
        quantity: hold.quantity,
        total_cents: hold.totalCents,
        charge_before,
      }
    },
  )

  app.post(
    '/reservations/:id/confirm',
    {
      schema: {
        tags,
        summary: 'After charging: turn the reservation into an order',
        params: ReservationId,
        body: Confirm,
        response: { 200: OrderAnswer },
      },
    },
    async ({ params, body, log }) => {
      let confirmed = await checkouts.confirm(params.id, body.payment_ref)
      if (confirmed.outcome === 'unknown') {
        await openCheckout(params.id, 0)
        confirmed = await checkouts.confirm(params.id, body.payment_ref)
      }
      if (confirmed.outcome === 'confirmed') return confirmed.order
      if (confirmed.outcome === 'sold_out') {
        log.warn({ reservation_id: params.id }, 'sold out at payment, the charge is given back')
        await holds.release(params.id).catch(() => undefined)
        settle()
        throw new Problem(409, 'sold_out', 'The tickets are gone; your payment is given back')
      }
      if (confirmed.outcome !== 'ordered') throw reservationNotFound()

      const { order, soldSeats } = confirmed
      counted.orders.inc()
      log.info(
        { order_id: order.order_id, event_id: order.event_id, quantity: order.quantity },
        'order confirmed',
      )
      await endHold(order, soldSeats)
      return order

      /** The order stands whatever becomes of this: the reconciler ends the hold if Redis can not be reached now. */
      async function endHold({ event_id }: Order, sold: number): Promise<void> {
        const sale = { reservationId: params.id, eventId: event_id, soldSeats: sold }
        await holds.complete(sale).catch((error: unknown) => log.warn({ err: error }, 'hold not ended yet'))
      }
    },
  )

  /** @throws {Problem} 404 when the reservation is unknown, over or given up; 503 when its hold can not be checked */
  async function openCheckout(
    id: string,
    chargeMs: number,
  ): Promise<{ order: Order } | { hold: Hold; charge_before: number }> {
    const hold = await findHold(id, chargeMs)
    if (hold) {
      const charge_before = await checkouts.open(hold, { chargeMs, remainingMs: hold.remainingMs })
      if (charge_before !== undefined) return { hold, charge_before }
    }
    const order = await checkouts.order(id)
    if (!order) throw reservationNotFound()
    return { order }
  }

  /** Without Redis, what is paid already can still be told. */
  async function findHold(id: string, chargeMs: number) {
    try {
      return await holding(holds.prolong(id, chargeMs + SETTLE_MS))
    } catch (error) {
      if (await checkouts.order(id)) return undefined
      throw error
    }
  }
}

/** Time for the confirmation after the last moment at which a charge may take effect. */
const SETTLE_MS = 10_000
