import type pg from 'pg'
import type { HoldStore } from '../hold-store.ts'

/** How many seats the course's events have at first, by their ids; as in migrations/seed.sql. */
export const SEED_SEATS: ReadonlyMap<number, number> = new Map([
  [1, 100],
  [2, 30],
  [3, 500],
  [4, 25],
  [5, 80],
])

export interface Stores {
  postgres: pg.Pool
  /** undefined: holds cannot be seen from here, and their seats count as free */
  holds: HoldStore | undefined
}

export interface Hall {
  eventId: number
  name: string
  /** seats that were added */
  added: number
  /** seats that are neither sold nor held */
  free: number
  total: number
}

export interface RefillOptions {
  /** seats that are free afterwards; by default as many as the event has at first */
  seats?: number | undefined
  /** only halls with less than this share of `seats` free grow */
  below?: number
}

interface EventRow {
  name: string
  total: number
  sold: number
}

/**
 * Makes seats of the course's events free again. Their halls grow: no order, checkout or hold is touched, so what is sold
 * stays sold, and buyers who are at it notice nothing. Halls never shrink.
 *
 * @returns the course's events that there are
 */
export async function refill(
  { postgres, holds }: Stores,
  { seats, below = 1 }: RefillOptions = {},
): Promise<Hall[]> {
  const heldByEvent = (await holds?.snapshot())?.heldByEvent
  const halls: Hall[] = []
  for (const [eventId, seedSeats] of SEED_SEATS) {
    const before = await find(eventId)
    if (!before) continue
    const held = heldByEvent?.get(eventId) ?? 0
    const wanted = seats ?? seedSeats
    const now = (await grow(eventId, held, wanted, wanted * below)) ?? before
    const { name, total, sold } = now
    halls.push({ eventId, name, added: total - before.total, free: total - sold - held, total })
  }
  return halls

  async function find(id: number): Promise<EventRow | undefined> {
    const sql = 'SELECT name, total_tickets AS total, sold FROM events WHERE id = $1'
    return (await postgres.query<EventRow>(sql, [id])).rows[0]
  }

  /** One statement an event, so that it waits for one sale at most, and no sale waits for another event. */
  async function grow(
    id: number,
    held: number,
    wanted: number,
    least: number,
  ): Promise<EventRow | undefined> {
    const sql = `UPDATE events SET total_tickets = sold + $2 + $3
                 WHERE id = $1 AND total_tickets - sold - $2 < $4
                 RETURNING name, total_tickets AS total, sold`
    return (await postgres.query<EventRow>(sql, [id, held, wanted, least])).rows[0]
  }
}
