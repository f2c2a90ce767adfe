import type pg from 'pg'
import { createQuery } from './query.ts'

export interface DueVoid {
  reservationId: string
  /** no charge can take effect any more, so that this void is the last one needed */
  last: boolean
}

/** Checkouts whose charge, if there was one, is to be given back. */
export interface VoidStore {
  /** Gives up checkouts that are over; from now on they cannot be confirmed. */
  abandonOverdue(limit: number): Promise<string[]>
  /** Takes charges that are to be given back; no other replica gets them for `leaseMs`. */
  takeDue(limit: number, leaseMs: number): Promise<DueVoid[]>
  /** After the charge was given back, if there was one: `charged` says so. */
  voided(due: DueVoid, charged: boolean): Promise<void>
}

/** Clocks of two machines may differ by this much before a charge could come after its void. */
const CLOCK_TOLERANCE = `interval '2 seconds'`

/**
 * `state || ''` hides the partial index from the planner, which would otherwise scan all voiding checkouts; see plans.test.ts.
 */
const THIS_VOID = `reservation_id = $1 AND state || '' = 'voiding'`

/** A charge that an earlier void has found is no longer there for this one. */
const CHARGED = 'charged = coalesce(charged, false) OR $2'

const QUERIES = {
  abandonOverdue: {
    name: 'checkout-abandon-overdue',
    text: `UPDATE checkouts SET state = 'voiding', void_at = greatest(now(), charge_before + ${CLOCK_TOLERANCE}),
             void_reason = 'expired'
           WHERE reservation_id IN (
             SELECT reservation_id FROM checkouts WHERE state = 'open' AND expires_at < now()
             ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING reservation_id`,
  },
  takeDue: {
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

export function createVoidStore(postgres: pg.Pool): VoidStore {
  const query = createQuery(postgres)
  return {
    async abandonOverdue(limit) {
      const rows = await query<{ reservation_id: string }>(QUERIES.abandonOverdue, [limit])
      return rows.map((row) => row.reservation_id)
    },
    takeDue: (limit, leaseMs) => query<DueVoid & pg.QueryResultRow>(QUERIES.takeDue, [limit, leaseMs]),
    async voided({ reservationId, last }, charged) {
      await query(last ? QUERIES.voided : QUERIES.voidAgain, [reservationId, charged])
    },
  }
}
