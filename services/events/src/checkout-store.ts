import { postgresProblem } from '@quickticket/kit/postgres'
import type pg from 'pg'
import type { Hold } from './hold-store.ts'

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
}

export type Confirmation =
  | { outcome: 'ordered'; order: Order; soldSeats: number }
  | { outcome: 'confirmed'; order: Order }
  | { outcome: 'sold_out' | 'voiding' | 'voided' | 'unknown' }

export interface DueVoid {
  reservationId: string
  /** no charge can take effect any more, so that this void is the last one needed */
  last: boolean
}

/** Intents to pay and the orders they become. Every change of a checkout's state is one statement in PostgreSQL. */
export interface CheckoutStore {
  /**
   * Writes the intent to pay, or prolongs the one there is.
   *
   * @param times in ms from now: until when a charge may take effect, and when the checkout is over
   * @returns until when a charge may take effect (Unix ms); undefined when the checkout is closed already
   */
  open(hold: Hold, times: { chargeMs: number; remainingMs: number }): Promise<number | undefined>
  confirm(reservationId: string, paymentRef: string): Promise<Confirmation>
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
  /** Takes charges that are to be given back; nobody else gets them for `leaseMs`. */
  takeDueVoids(limit: number, leaseMs: number): Promise<DueVoid[]>
  /** After the charge was given back. */
  voided(due: DueVoid): Promise<void>
}

/** Clocks of two machines may differ by this much before a charge could come after its void. */
const CLOCK_TOLERANCE = `interval '2 seconds'`

/** By its key alone: with a bare `state = 'voiding'` the index of those would do, and all of them would be read. */
const THIS_VOID = `reservation_id = $1 AND state || '' = 'voiding'`

const QUERIES = {
  open: {
    name: 'checkout-open',
    text: `INSERT INTO checkouts AS c (reservation_id, event_id, quantity, total_cents, charge_before, expires_at)
           VALUES ($1, $2, $3, $4, now() + $5 * interval '1 ms', now() + $6 * interval '1 ms')
           ON CONFLICT (reservation_id) DO UPDATE
             SET charge_before = greatest(c.charge_before, excluded.charge_before),
                 expires_at = greatest(c.expires_at, excluded.expires_at)
             WHERE c.state = 'open'
           RETURNING charge_before`,
  },
  confirm: { name: 'checkout-confirm', text: 'SELECT * FROM confirm_checkout($1, $2)' },
  order: {
    name: 'checkout-order',
    text: 'SELECT id AS order_id, event_id, quantity, total_cents, status FROM orders WHERE id = $1',
  },
  find: {
    name: 'checkout-find',
    text: `SELECT 'confirmed' AS state, event_id, quantity, total_cents, false AS charging, true AS chargeable
           FROM orders WHERE id = $1
           UNION ALL
           SELECT state, event_id, quantity, total_cents, charge_before > now(), charge_before > opened_at
           FROM checkouts WHERE reservation_id = $1 AND state <> 'confirmed'
           LIMIT 1`,
  },
  abandon: {
    name: 'checkout-abandon',
    text: `INSERT INTO checkouts AS c
             (reservation_id, event_id, quantity, total_cents, state, charge_before, expires_at, closed_at)
           VALUES ($1, $2, $3, $4, 'voided', now(), now(), now())
           ON CONFLICT (reservation_id) DO UPDATE SET state = 'voiding', void_at = now() WHERE c.state = 'open'
           RETURNING state`,
  },
  abandonOverdue: {
    name: 'checkout-abandon-overdue',
    text: `UPDATE checkouts SET state = 'voiding', void_at = greatest(now(), charge_before + ${CLOCK_TOLERANCE})
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
    text: `UPDATE checkouts SET state = 'voided', closed_at = now() WHERE ${THIS_VOID}`,
  },
  voidAgain: {
    name: 'checkout-void-again',
    text: `UPDATE checkouts SET void_at = charge_before + ${CLOCK_TOLERANCE} WHERE ${THIS_VOID}`,
  },
}

export function createCheckoutStore(postgres: pg.Pool): CheckoutStore {
  async function query<Row extends pg.QueryResultRow>(
    config: pg.QueryConfig,
    values: unknown[],
  ): Promise<Row[]> {
    try {
      return (await postgres.query<Row>({ ...config, values })).rows
    } catch (error) {
      throw postgresProblem(error)
    }
  }

  return {
    async open(hold, { chargeMs, remainingMs }) {
      const [row] = await query<{ charge_before: Date }>(QUERIES.open, [
        hold.reservationId,
        hold.eventId,
        hold.quantity,
        hold.totalCents,
        chargeMs,
        remainingMs,
      ])
      return row?.charge_before.getTime()
    },
    async confirm(reservationId, paymentRef) {
      const [row] = await query<ConfirmRow>(QUERIES.confirm, [reservationId, paymentRef])
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
    async voided({ reservationId, last }) {
      await query(last ? QUERIES.voided : QUERIES.voidAgain, [reservationId])
    },
  }
}

type OrderRow = Order & pg.QueryResultRow
type StatusRow = CheckoutStatus & pg.QueryResultRow
interface ConfirmRow extends pg.QueryResultRow {
  outcome: 'ordered' | 'confirmed' | 'sold_out' | 'voiding' | 'voided'
  event_id: number
  quantity: number
  total_cents: number
  sold: number
}
