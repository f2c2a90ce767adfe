import type { Order } from '@quickticket/contract/order'
import { createClockDifference } from '@quickticket/kit/clock-difference'
import type pg from 'pg'
import type { Hold } from './hold-store.ts'
import { createQuery } from './query.ts'

export type CheckoutState = 'open' | 'confirmed' | 'voiding' | 'voided'

export interface CheckoutStatus extends Omit<Order, 'order_id' | 'status'> {
  state: CheckoutState
  /** a charge may be under way */
  charging: boolean
  /** there was a time at which a charge could be made */
  chargeable: boolean
  /** whether payments had charged it, as far as is known */
  charged: boolean | null
}

export type Confirmation =
  | { outcome: 'ordered'; order: Order; soldSeats: number }
  | { outcome: 'confirmed'; order: Order }
  /** the charge is given back, by `expired` and `sold_out` from now on */
  | { outcome: 'expired' | 'sold_out' | 'voiding' | 'voided' }
  | { outcome: 'unknown' }

/** Intents to pay and the orders they become. Every change of a checkout's state is one statement in PostgreSQL. */
export interface CheckoutStore {
  /** What PostgreSQL's clock says (Unix ms), and the order if there is one already. */
  begin(reservationId: string): Promise<{ now: number; order?: Order }>
  /** Seconds that PostgreSQL's clock is ahead of ours, at least; undefined: no checkout began of late. */
  clockDifferenceS(): number | undefined
  /**
   * Writes the intent to pay, or prolongs the one there is.
   *
   * @param times by PostgreSQL's clock (Unix ms): until when a charge may take effect, and when the checkout expires
   * @returns until when a charge may take effect (Unix ms); undefined when the checkout is closed already
   */
  open(hold: Hold, times: { chargeBefore: number; expiresAt: number }): Promise<number | undefined>
  /** @param notifies whether a notification is due: the outbox then has an entry for it */
  confirm(reservationId: string, paymentRef: string, notifies: boolean): Promise<Confirmation>
  order(reservationId: string): Promise<Order | undefined>
  find(reservationId: string): Promise<CheckoutStatus | undefined>
  /**
   * Gives a checkout up: it cannot be confirmed any more, nor opened if it is not there yet.
   *
   * @returns whether it was open, so that a charge is to be given back
   */
  abandon(reservation: Hold): Promise<boolean>
}

const QUERIES = {
  begin: {
    name: 'checkout-begin',
    text: `SELECT clock_timestamp() AS now, o.id AS order_id, o.event_id, o.quantity, o.total_cents, o.status
           FROM (SELECT) AS always LEFT JOIN orders o ON o.id = $1`,
  },
  open: {
    name: 'checkout-open',
    text: `INSERT INTO checkouts AS c (reservation_id, event_id, quantity, total_cents, charge_before, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (reservation_id) DO UPDATE
             SET charge_before = greatest(c.charge_before, excluded.charge_before),
                 expires_at = greatest(c.expires_at, excluded.expires_at)
             WHERE c.state = 'open'
           RETURNING charge_before`,
  },
  /**
   * confirm_order(reservation, reference, notifies) of migrations/changes/0003_checkouts.sql: one transaction in one round trip.
   * It locks the checkout, then its event; checks `expires_at` against the clock, and the seats against the event; then closes the checkout,
   * inserts the order, and inserts what the order has to cause into the outbox. If it refuses, the checkout is `voiding`.
   *
   * It answers no row when there is no such checkout, else one: outcome, event_id, quantity, total_cents, and sold, which is what the event
   * has sold with this order. It is a function because each of its statements must see what was committed while the one before waited for a
   * lock; one statement with CTEs would read orders as they were before that.
   */
  confirm: { name: 'checkout-confirm', text: 'SELECT * FROM confirm_order($1, $2, $3)' },
  order: {
    name: 'checkout-order',
    text: 'SELECT id AS order_id, event_id, quantity, total_cents, status FROM orders WHERE id = $1',
  },
  find: {
    name: 'checkout-find',
    text: `SELECT 'confirmed' AS state, event_id, quantity, total_cents, false AS charging, true AS chargeable, true AS charged
           FROM orders WHERE id = $1
           UNION ALL
           SELECT state, event_id, quantity, total_cents, charge_before > now(), charge_before > opened_at, charged
           FROM checkouts WHERE reservation_id = $1 AND state <> 'confirmed'
           LIMIT 1`,
  },
  abandon: {
    name: 'checkout-abandon',
    text: `INSERT INTO checkouts AS c
             (reservation_id, event_id, quantity, total_cents, state, charge_before, expires_at, closed_at, charged, void_reason)
           VALUES ($1, $2, $3, $4, 'voided', now(), now(), now(), false, 'released')
           ON CONFLICT (reservation_id) DO UPDATE SET state = 'voiding', void_at = now(), void_reason = 'released'
             WHERE c.state = 'open'
           RETURNING state`,
  },
}

export function createCheckoutStore(postgres: pg.Pool): CheckoutStore {
  const clock = createClockDifference()
  const query = createQuery(postgres)

  return {
    clockDifferenceS: clock.seconds,
    async begin(reservationId) {
      const sentAt = Date.now()
      const [row] = await query<BeginRow>(QUERIES.begin, [reservationId])
      const { now, ...order } = row as BeginRow
      clock.observeTime(now.getTime(), sentAt, Date.now())
      return { now: now.getTime(), ...(isOrder(order) && { order }) }
    },
    async open(hold, { chargeBefore, expiresAt }) {
      const [row] = await query<{ charge_before: Date }>(QUERIES.open, [
        hold.reservationId,
        hold.eventId,
        hold.quantity,
        hold.totalCents,
        new Date(chargeBefore),
        new Date(expiresAt),
      ])
      return row?.charge_before.getTime()
    },
    async confirm(reservationId, paymentRef, notifies) {
      const [row] = await query<ConfirmRow>(QUERIES.confirm, [reservationId, paymentRef, notifies])
      if (!row) return { outcome: 'unknown' }
      const { outcome, sold, ...order } = row
      const confirmed = { order_id: reservationId, ...order, status: 'confirmed' }
      if (outcome === 'ordered') return { outcome, order: confirmed, soldSeats: sold }
      if (outcome === 'confirmed') return { outcome, order: confirmed }
      return { outcome }
    },
    order: async (reservationId) => (await query<OrderRow>(QUERIES.order, [reservationId]))[0],
    find: async (reservationId) => (await query<StatusRow>(QUERIES.find, [reservationId]))[0],
    async abandon({ reservationId, eventId, quantity, totalCents }) {
      const values = [reservationId, eventId, quantity, totalCents]
      const [row] = await query<{ state: CheckoutState }>(QUERIES.abandon, values)
      return row?.state === 'voiding'
    },
  }
}

function isOrder(row: { [Key in keyof Order]: Order[Key] | null }): row is Order {
  return row.order_id !== null
}

interface BeginRow extends pg.QueryResultRow {
  now: Date
  order_id: string | null
  event_id: number | null
  quantity: number | null
  total_cents: number | null
  status: string | null
}
type OrderRow = Order & pg.QueryResultRow
type StatusRow = CheckoutStatus & pg.QueryResultRow
interface ConfirmRow extends pg.QueryResultRow {
  outcome: 'ordered' | 'confirmed' | 'expired' | 'sold_out' | 'voiding' | 'voided' | 'unknown'
  event_id: number
  quantity: number
  total_cents: number
  sold: number
}
