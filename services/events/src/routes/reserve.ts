import { randomUUID } from 'node:crypto'
import type { App } from '@quickticket/kit/app'
import type { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { EventStore } from '../event-store.ts'
import type { HoldStore, ReserveResult } from '../hold-store.ts'
import {
  bodyRequired,
  databaseProblems,
  eventNotFound,
  invalidEventId,
  invalidPrice,
  invalidQuantity,
  invalidReservationId,
  reservationOver,
  reservationsUnavailable,
  soldOut,
} from '../problems.ts'
import { holding } from '../redis-problem.ts'
import { EventId, eventId } from './events.ts'

const Reservation = Type.Object(
  {
    reservation_id: Type.String({ examples: ['8a6e0804-2bd0-4672-b79d-d97027f9071a'] }),
    event_id: Type.Integer({ examples: [1] }),
    quantity: Type.Integer({ examples: [2] }),
    total_cents: Type.Integer({ examples: [10_000] }),
    expires_in_seconds: Type.Integer({ examples: [300] }),
  },
  { title: 'Reservation' },
)

const Request = Type.Object(
  {
    quantity: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10, default: 1, description: 'tickets', examples: [2] }),
    ),
  },
  { title: 'ReserveRequest' },
)

const Headers = Type.Object({
  'x-reservation-id': Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description:
        'the id for the reservation, chosen by the caller so that it can take it back without an answer',
      examples: ['8a6e0804-2bd0-4672-b79d-d97027f9071a'],
    }),
  ),
})

export interface ReserveDeps {
  events: EventStore
  holds: HoldStore
  /** how long a reservation holds its seats, in seconds */
  reservationTtlS: number
  /** ends the hold of a reservation that was answered with an error */
  takeBack(reservationId: string): void
}

export function reserveRoute(app: App, { events, holds, reservationTtlS, takeBack }: ReserveDeps): void {
  const schema = {
    tags: ['events'],
    operationId: 'reserve',
    summary: 'Hold 1 to 10 seats for some minutes',
    description: 'Repeating it makes another reservation. Who does not pay in time loses the seats.',
    params: EventId,
    headers: Headers,
    body: Request,
    response: { 200: Reservation },
    problems: [
      bodyRequired,
      invalidQuantity,
      invalidReservationId,
      eventNotFound,
      () => soldOut(),
      reservationOver,
      () => invalidPrice(),
      invalidEventId,
      () => reservationsUnavailable(),
      ...databaseProblems,
    ],
  }
  app.post(
    '/events/:id/reserve',
    { schema, schemaErrorFormatter: explain },
    async ({ params, headers, body, log }) => {
      const id = eventId(params.id)
      const quantity = body.quantity ?? 1
      const reservationId = headers['x-reservation-id'] ?? randomUUID()
      const attempt = { id, quantity, reservationId }
      let { seats, result } = await reserve(attempt, events.seats)
      // a sale counts twice between its commit and the end of its hold; before saying no, look which ones do
      if (result.outcome === 'sold_out' && seats.total - seats.sold >= quantity)
        ({ seats, result } = await reserve(attempt, events.exactSeats))
      if (result.outcome !== 'held') throw refusal(result)

      log.info({ reservation_id: reservationId, event_id: id, quantity }, 'reservation made')
      return {
        reservation_id: reservationId,
        event_id: id,
        quantity,
        total_cents: seats.priceCents * quantity,
        expires_in_seconds: Math.ceil(result.remainingMs / 1000),
      }
    },
  )

  async function reserve({ id, quantity, reservationId }: Attempt, readSeats: EventStore['seats']) {
    const deadline = performance.now() + RESERVE_WITHIN_MS
    const seats = await readSeats(id)
    if (!seats) throw eventNotFound()
    if (seats.priceCents < 0 || seats.priceCents > MAX_PRICE_CENTS) throw invalidPrice(id, MAX_PRICE_CENTS)
    const hold = { reservationId, eventId: id, quantity, totalCents: seats.priceCents * quantity }
    const times = { ttlMs: reservationTtlS * 1000, prolongedByMs: PROLONGED_BY_MS, deadline }
    try {
      return { seats, result: await holding(holds.reserve(hold, seats, times)) }
    } catch (error) {
      // it may have begun, or begin later
      takeBack(reservationId)
      throw error
    }
  }
}

interface Attempt {
  id: number
  quantity: number
  reservationId: string
}

/** From the read of what is sold to the hold: what was read is too old then. */
const RESERVE_WITHIN_MS = 5000
/** For payments that begin at the last moment, and for those that fail again and again. */
const PROLONGED_BY_MS = 60_000
/** Ten tickets of it are still an integer in PostgreSQL. */
const MAX_PRICE_CENTS = 214_748_364

function refusal(result: Exclude<ReserveResult, { outcome: 'held' }>): Problem {
  if (result.outcome === 'sold_out') return soldOut(result.available)
  if (result.outcome === 'ended') return reservationOver()
  return reservationsUnavailable()
}

function explain(errors: { instancePath: string }[], context: string): Error {
  if (context === 'params') return invalidEventId()
  if (context === 'headers') return invalidReservationId()
  if (errors.some((error) => error.instancePath === '/quantity')) return invalidQuantity()
  return bodyRequired()
}
