import { createClockDifference } from '@quickticket/kit/clock-difference'
import type pg from 'pg'
import type { Hold } from './hold-store.ts'
import { createQuery } from './query.ts'

export interface Order {
  order_id: string
  event_id: number
  quantity: number
  total_cents: number
  status: string
}

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

export interface DueVoid {
  reservationId: string
  /** no charge can take effect any more, so that this void is the last one needed */
  last: boolean
}

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
  /** @param notifies whether word of the order is to be sent: it is in the outbox then */
  confirm(reservationId: string, paymentRef: string, notifies: boolean): Promise<Confirmation>
  order(reservationId: string): Promise<Order | undefined>
  find(reservationId: string): Promise<CheckoutStatus | undefined>
  /**
   * Gives a checkout up: it can not be confirmed any more, nor opened if it is not there yet.
   *
   * @returns whether it was open, so that a charge is to be given back
   */
  abandon(reservation: Hold): Promise<boolean>
  /** Gives up checkouts that are over; from now on they can not be confirmed. */
  abandonOverdue(limit: number): Promise<string[]>
  /** Takes charges that are to be given back; no other replica gets them for `leaseMs`. */
  takeDueVoids(limit: number, leaseMs: number): Promise<DueVoid[]>
  /** After the charge was given back, if there was one: `charged` says so. */
  voided(due: DueVoid, charged: boolean): Promise<void>
}

/** Clocks of two machines may differ by this much before a charge could come after its void. */
const CLOCK_TOLERANCE = `interval '2 seconds'`

/** By its key alone: with a bare `state = 'voiding'` the index of those would do, and all of them would be read. */
const THIS_VOID = `reservation_id = $1 AND state || '' = 'voiding'`

/** An earlier void may have found the charge that this one does not find any more. */
const CHARGED = 'charged = coalesce(charged, false) OR $2'

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
  abandonOverdue: {
    name: 'checkout-abandon-overdue',
    text: `UPDATE checkouts SET state = 'voiding', void_at = greatest(now(), charge_before + ${CLOCK_TOLERANCE}),
             void_reason = 'expired'
           WHERE reservation_id IN (
             SELECT reservation_id FROM checkouts WHERE state = 'open' AND expires_at < now()
             ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING reservation_id`,
  },
  takeVoids: {
    name: 'checkout-take-voids',
    text: `UPDATE checkouts SET void_at = now() + $2 * interval '1 ms'
           WHERE reservation_id IN (
             SELECT reservation_id FROM checkouts WHERE state = 'voiding' AND void_at <= now()
             ORDER BY void_at LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING reservation_id AS "reservationId", charge_before + ${CLOCK_TOLERANCE} <= now() AS last`,
  },
  voided: {
    name: 'checkout-voided',
    text: `UPDATE checkouts SET state = 'voided', closed_at = now(), ${CHARGED} WHERE ${THIS_VOID}`,
  },
  voidAgain: {
    name: 'checkout-void-again',
    text: `UPDATE checkouts SET void_at = charge_before + ${CLOCK_TOLERANCE}, ${CHARGED} WHERE ${THIS_VOID}`,
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
      clock.sawTime(now.getTime(), sentAt, Date.now())
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
    async abandonOverdue(limit) {
      const rows = await query<{ reservation_id: string }>(QUERIES.abandonOverdue, [limit])
      return rows.map((row) => row.reservation_id)
    },
    takeDueVoids: (limit, leaseMs) => query<DueVoid & pg.QueryResultRow>(QUERIES.takeVoids, [limit, leaseMs]),
    async voided({ reservationId, last }, charged) {
      await query(last ? QUERIES.voided : QUERIES.voidAgain, [reservationId, charged])
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
