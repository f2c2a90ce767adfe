import type pg from 'pg'
import type { Violation, ViolationKind } from './violation.ts'

/** A checkout that is this late, in seconds, counts as stuck: the reconciler should have settled it. */
const STUCK_AFTER_S = 60

const CHECKS: { kind: ViolationKind; sql: string }[] = [
  {
    kind: 'oversold',
    sql: `SELECT 'event ' || e.id AS subject, format('%s seats ordered of %s', sum(o.quantity), e.total_tickets) AS detail
          FROM events e JOIN orders o ON o.event_id = e.id
          GROUP BY e.id HAVING sum(o.quantity) > e.total_tickets`,
  },
  {
    kind: 'oversold',
    sql: `SELECT 'event ' || e.id AS subject,
                 format('counts %s seats as sold, its orders have %s', e.sold, coalesce(sum(o.quantity), 0)) AS detail
          FROM events e LEFT JOIN orders o ON o.event_id = e.id
          GROUP BY e.id HAVING e.sold <> coalesce(sum(o.quantity), 0)`,
  },
  {
    kind: 'double_charge',
    sql: `SELECT o.id AS subject, format('the order has %s, its checkout %s', o.payment_ref, c.payment_ref) AS detail
          FROM orders o JOIN checkouts c ON c.reservation_id = o.id WHERE c.payment_ref <> o.payment_ref`,
  },
  {
    kind: 'charged_no_order',
    sql: `SELECT c.reservation_id AS subject, format('confirmed with %s, but there is no order', c.payment_ref) AS detail
          FROM checkouts c LEFT JOIN orders o ON o.id = c.reservation_id WHERE c.state = 'confirmed' AND o.id IS NULL`,
  },
  {
    kind: 'order_no_charge',
    sql: `SELECT o.id AS subject, format('there is an order, but its checkout is %s', c.state) AS detail
          FROM orders o JOIN checkouts c ON c.reservation_id = o.id WHERE c.state <> 'confirmed'`,
  },
  {
    kind: 'order_no_charge',
    sql: `SELECT o.id AS subject, format('ordered for %s cents, charged %s', o.total_cents, c.total_cents) AS detail
          FROM orders o JOIN checkouts c ON c.reservation_id = o.id
          WHERE (o.total_cents, o.quantity, o.event_id) <> (c.total_cents, c.quantity, c.event_id)`,
  },
  {
    // its hold may have been over by then, and its seats held by another buyer
    kind: 'confirmed_late',
    sql: `SELECT reservation_id AS subject, format('confirmed %s after it had expired', closed_at - expires_at) AS detail
          FROM checkouts WHERE state = 'confirmed' AND closed_at > expires_at`,
  },
  {
    kind: 'stuck_checkout',
    sql: `SELECT reservation_id AS subject, format('%s since %s', state, coalesce(void_at, expires_at)) AS detail
          FROM checkouts
          WHERE (state = 'open' AND expires_at < now() - ${STUCK_AFTER_S} * interval '1 second')
             OR (state = 'voiding' AND charge_before < now() - ${STUCK_AFTER_S} * interval '1 second')`,
  },
]

/** Violations that are visible in the database alone: seats, orders and checkouts that contradict each other. */
export async function auditOrders(postgres: pg.Pool): Promise<Violation[]> {
  const found: Violation[] = []
  for (const { kind, sql } of CHECKS) {
    const { rows } = await postgres.query<{ subject: string; detail: string }>(sql)
    for (const { subject, detail } of rows) found.push({ kind, subject, detail })
  }
  return found
}
