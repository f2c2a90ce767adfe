import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import type { CheckoutStore, Order } from '../checkout-store.ts'
import type { Hold, HoldStore } from '../hold-store.ts'
import type { EventMetrics } from '../metrics.ts'
import type { Outbox } from '../outbox.ts'
import {
  databaseProblems,
  reservationNotFound,
  reservationsUnavailable,
  soldOutAtPayment,
} from '../problems.ts'
import { holding } from '../redis-problem.ts'
import { ReservationId } from './reservations.ts'

const AN_ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

const seats = {
  event_id: Type.Integer({ examples: [1] }),
  quantity: Type.Integer({ examples: [2] }),
  total_cents: Type.Integer({ examples: [10_000] }),
}

const OrderAnswer = Type.Object(
  {
    order_id: Type.String({ description: 'the id of the reservation', examples: [AN_ID] }),
    ...seats,
    status: Type.String({ examples: ['confirmed'] }),
  },
  { title: 'Order' },
)

const CheckoutRequest = Type.Object(
  {
    charge_within_ms: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      description: 'time that the payment may take',
      examples: [5000],
    }),
  },
  { title: 'CheckoutRequest' },
)

const CheckoutAnswer = Type.Object(
  {
    reservation_id: Type.String({ examples: [AN_ID] }),
    ...seats,
    charge_before: Type.Optional(
      Type.Integer({
        description: 'Unix ms; a later charge must not take effect',
        examples: [1_790_000_000_000],
      }),
    ),
    order: Type.Optional(OrderAnswer),
  },
  { title: 'Checkout' },
)

const Confirm = Type.Object(
  {
    // PostgreSQL has no null byte in a text
    payment_ref: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[^\\u0000]*$',
      description: 'the reference of the charge',
      examples: ['PAY-1A2B3C4D'],
    }),
    notify: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'whether the caller sends word of the order, and says so at /orders/notified',
      }),
    ),
  },
  { title: 'ConfirmRequest' },
)

export interface CheckoutDeps {
  holds: HoldStore
  checkouts: CheckoutStore
  outbox: Outbox
  counted: EventMetrics
  /** asks the reconciler to give a charge back now */
  settle(): void
}

export function checkoutRoutes(app: App, { holds, checkouts, outbox, counted, settle }: CheckoutDeps): void {
  const tags = ['reservations']

  app.post(
    '/reservations/:id/checkout',
    {
      schema: {
        tags,
        operationId: 'openCheckout',
        summary: 'Before charging: make sure that the seats stay held, and write down the intent',
        description: 'Repeating it is safe. The answer has an order when the reservation is paid already.',
        params: ReservationId,
        body: CheckoutRequest,
        response: { 200: CheckoutAnswer },
        problems: [reservationNotFound, () => reservationsUnavailable(), ...databaseProblems],
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
        operationId: 'confirmReservation',
        summary: 'After charging: turn the reservation into an order',
        description: 'Repeating it is safe, and answers the same order.',
        params: ReservationId,
        body: Confirm,
        response: { 200: OrderAnswer },
        problems: [
          reservationNotFound,
          soldOutAtPayment,
          () => reservationsUnavailable(),
          ...databaseProblems,
        ],
      },
    },
    async ({ params, body, log }) => {
      const confirm = () => checkouts.confirm(params.id, body.payment_ref, body.notify ?? false)
      let confirmed = await confirm()
      if (confirmed.outcome === 'unknown') {
        await openCheckout(params.id, MIN_CHARGE_MS)
        confirmed = await confirm()
      }
      if (confirmed.outcome === 'confirmed') return confirmed.order
      if (confirmed.outcome === 'ordered') {
        const { order, soldSeats } = confirmed
        counted.orders.inc()
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
        await holds.release(params.id).catch(() => undefined)
        settle()
      }
      if (confirmed.outcome === 'sold_out') throw soldOutAtPayment()
      throw reservationNotFound()

      /** The order stands whatever becomes of this: the reconciler ends the hold if Redis can not be reached now. */
      async function endHold({ event_id }: Order, sold: number): Promise<void> {
        const sale = { reservationId: params.id, eventId: event_id, soldSeats: sold }
        try {
          await holds.complete(sale)
          outbox.done('hold', params.id)
        } catch (error) {
          log.warn({ err: error }, 'hold not ended yet')
        }
      }
    },
  )

  /**
   * The hold is to end after its checkout, wherever this is delayed. So PostgreSQL's clock is read first, then the hold is
   * prolonged, and then the checkout is written, with an end that counts from the time that was read: no clock is compared with
   * another one.
   *
   * @throws {Problem} 404 when the reservation is unknown, over or given up; 503 when its hold cannot be checked
   */
  async function openCheckout(
    id: string,
    wantedMs: number,
  ): Promise<{ order: Order } | { hold: Hold; charge_before: number }> {
    const { now, order } = await checkouts.begin(id)
    if (order) return { order }
    const hold = await holding(holds.prolong(id, wantedMs + SETTLE_MS + OUTLIVE_MS))
    if (hold) {
      const expiresAt = now + hold.remainingMs - OUTLIVE_MS
      const chargeMs = Math.min(wantedMs, hold.remainingMs - OUTLIVE_MS - SETTLE_MS)
      if (chargeMs < MIN_CHARGE_MS) throw reservationNotFound()
      const charge_before = await checkouts.open(hold, { chargeBefore: now + chargeMs, expiresAt })
      if (charge_before !== undefined) return { hold, charge_before }
    }
    // another request has paid it meanwhile
    const paid = await checkouts.order(id)
    if (!paid) throw reservationNotFound()
    return { order: paid }
  }
}

/** Time for the confirmation after the last moment at which a charge may take effect. */
const SETTLE_MS = 10_000
/**
 * By how much a hold outlives its checkout: the commit of an order, and then a reservation that has read before it what is sold, for
 * as long as it may take.
 */
const OUTLIVE_MS = 10_000
const MIN_CHARGE_MS = 1
