import type { Event } from '@quickticket/contract/event'
import { coalesce } from '@quickticket/kit/coalesce'
import type pg from 'pg'
import type { Sale, Seats } from './hold-store.ts'
import { createQuery } from './query.ts'

export interface EventSeats extends Seats {
  priceCents: number
}

export interface Page {
  /** at most so many */
  limit?: number | undefined
  /** those that come after the event with this id */
  after?: number | undefined
}

export interface EventStore {
  /** All events by date. */
  list(): Promise<Event[]>
  /** Some of them. `undefined` when there is no event to come after. */
  page(page: Page): Promise<Event[] | undefined>
  find(id: number): Promise<Event | undefined>
  seats(id: number): Promise<EventSeats | undefined>
  /** The same, with the sales whose holds have not ended yet. */
  exactSeats(id: number): Promise<EventSeats | undefined>
  /** Those of the reservations that are sold, with the seats that their events have sold by now. */
  salesAmong(reservationIds: string[]): Promise<Sale[]>
}

type EventRow = Omit<Event, 'date' | 'available'> & { event_date: Date; sold: number }

// Seats are counted from events.sold. `LIMIT 0` reads no row and still fails when the orders table is missing, as it must.
const WITH_ORDERS = 'NOT EXISTS (SELECT FROM orders LIMIT 0)'
const COLUMNS = 'id, name, venue, event_date, total_tickets, price_cents, sold'

const QUERIES = {
  list: {
    name: 'events-list',
    text: `SELECT ${COLUMNS} FROM events WHERE ${WITH_ORDERS} ORDER BY event_date, id`,
  },
  first: {
    name: 'events-first',
    text: `SELECT ${COLUMNS} FROM events WHERE ${WITH_ORDERS} ORDER BY event_date, id LIMIT $1`,
  },
  after: {
    name: 'events-after',
    text: `SELECT ${COLUMNS} FROM events
           WHERE (event_date, id) > (SELECT event_date, id FROM events WHERE id = $2) AND ${WITH_ORDERS}
           ORDER BY event_date, id LIMIT $1`,
  },
  find: { name: 'events-find', text: `SELECT ${COLUMNS} FROM events WHERE id = $1 AND ${WITH_ORDERS}` },
  // the outbox has the sales of the last second, whatever the number of orders
  exact: {
    name: 'events-exact',
    text: `SELECT ${COLUMNS}, ARRAY(SELECT o.id FROM outbox b JOIN orders o ON o.id = b.order_id
                                    WHERE b.topic = 'hold' AND o.event_id = $1) AS "soldHoldIds"
           FROM events WHERE id = $1`,
  },
  sales: {
    name: 'events-sales',
    text: `SELECT o.id AS "reservationId", e.id AS "eventId", e.sold AS "soldSeats"
           FROM orders o JOIN events e ON e.id = o.event_id WHERE o.id = ANY ($1)`,
  },
}

/** Events and their seats in PostgreSQL. */
export function createEventStore(postgres: pg.Pool): EventStore {
  const query = createQuery(postgres)
  const list = coalesce(async () => (await query<EventRow>(QUERIES.list)).map(asEvent))
  const row = coalesce(async (id: number) => (await query<EventRow>(QUERIES.find, [id]))[0])
  const exact = coalesce(async (id: number) => {
    const [found] = await query<EventRow & { soldHoldIds: string[] }>(QUERIES.exact, [id])
    return found && asSeats(found)
  })

  return {
    list: () => list(undefined),
    async page({ limit, after }) {
      if (after === undefined) return (await query<EventRow>(QUERIES.first, [limit])).map(asEvent)
      const rows = await query<EventRow>(QUERIES.after, [limit, after])
      if (rows.length === 0 && !(await row(after))) return undefined
      return rows.map(asEvent)
    },
    async find(id) {
      const found = await row(id)
      return found && asEvent(found)
    },
    async seats(id) {
      const found = await row(id)
      return found && asSeats({ ...found, soldHoldIds: [] })
    },
    exactSeats: (id) => exact(id),
    salesAmong: (reservationIds) => query<Sale & pg.QueryResultRow>(QUERIES.sales, [reservationIds]),
  }
}

function asEvent({ event_date, sold, ...event }: EventRow): Event {
  return {
    ...event,
    date: event_date.toISOString().replace(/(\.000)?Z$/, '+00:00'),
    available: Math.max(event.total_tickets - sold, 0),
  }
}

function asSeats(row: EventRow & { soldHoldIds: string[] }): EventSeats {
  return {
    total: row.total_tickets,
    sold: row.sold,
    priceCents: row.price_cents,
    soldHoldIds: row.soldHoldIds,
  }
}
