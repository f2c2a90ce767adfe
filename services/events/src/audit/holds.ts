import type pg from 'pg'
import type { HoldSnapshot, HoldStore } from '../hold-store.ts'
import type { Violation } from './violation.ts'

/** A hold may outlive its sale by this long, in seconds, when Redis was away at that moment. */
const SOLD_HOLD_GRACE_S = 15

/** Compares the holds with themselves, and with what is sold. */
export async function auditHolds(postgres: pg.Pool, holds: HoldStore): Promise<Violation[]> {
  const snapshot = await holds.snapshot()
  return [
    ...miscounted(snapshot),
    ...(await outlivingTheirSale(postgres, snapshot)),
    ...(await tooMany(postgres, snapshot)),
  ]
}

function miscounted({ holds, heldByEvent }: HoldSnapshot): Violation[] {
  const counted = new Map<number, number>()
  for (const { eventId, quantity } of holds) counted.set(eventId, (counted.get(eventId) ?? 0) + quantity)
  const events = new Set([...counted.keys(), ...heldByEvent.keys()])
  return [...events]
    .filter((id) => (counted.get(id) ?? 0) !== (heldByEvent.get(id) ?? 0))
    .map((id) => ({
      kind: 'leaked_hold',
      subject: `event ${id}`,
      detail: `counts ${heldByEvent.get(id) ?? 0} seats as held, its reservations have ${counted.get(id) ?? 0}`,
    }))
}

async function outlivingTheirSale(postgres: pg.Pool, { holds }: HoldSnapshot): Promise<Violation[]> {
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT id FROM orders WHERE id = ANY ($1) AND created_at < now() - ${SOLD_HOLD_GRACE_S} * interval '1 second'`,
    [holds.map((hold) => hold.reservationId)],
  )
  return rows.map(({ id }) => ({
    kind: 'leaked_hold',
    subject: id,
    detail: 'is sold, and its seats are still held',
  }))
}

async function tooMany(postgres: pg.Pool, { holds }: HoldSnapshot): Promise<Violation[]> {
  const { rows } = await postgres.query<{ id: number; total: number; sold: number; held: number }>(
    `SELECT e.id, e.total_tickets AS total, e.sold, sum(h.quantity)::integer AS held
     FROM unnest($1::text[], $2::integer[], $3::integer[]) AS h (reservation_id, event_id, quantity)
     JOIN events e ON e.id = h.event_id
     WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = h.reservation_id)
     GROUP BY e.id HAVING e.sold + sum(h.quantity) > e.total_tickets`,
    [
      holds.map((hold) => hold.reservationId),
      holds.map((hold) => hold.eventId),
      holds.map((hold) => hold.quantity),
    ],
  )
  return rows.map(({ id, total, sold, held }) => ({
    kind: 'oversold',
    subject: `event ${id}`,
    detail: `${sold} seats sold and ${held} held of ${total}`,
  }))
}
