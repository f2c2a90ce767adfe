import { randomUUID } from 'node:crypto'
import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { EventSeats, EventStore } from '../event-store.ts'
import type { HoldStore } from '../hold-store.ts'
import { holding } from '../redis-problem.ts'
import { EventId, eventId, eventNotFound, invalidEventId } from './events.ts'

const Reservation = Type.Object({
  reservation_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  expires_in_seconds: Type.Integer(),
})

const Request = Type.Object({
  quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, default: 1 })),
})

export interface ReserveDeps {
  events: EventStore
  holds: HoldStore
  /** how long a reservation holds its seats, in seconds */
  reservationTtlS: number
}

export function reserveRoute(app: App, { events, holds, reservationTtlS }: ReserveDeps): void {
  const schema = {
    tags: ['events'],
    summary: 'Hold 1 to 10 seats for some minutes',
    params: EventId,
    body: Request,
    response: { 200: Reservation },
  }
  app.post(
    '/events/:id/reserve',
    { schema, schemaErrorFormatter: explain },
    async ({ params, body, log }) => {
      const id = eventId(params.id)
      const quantity = body.quantity ?? 1
      const seats = await events.seats(id)
      if (!seats) throw eventNotFound()

      const hold = {
        reservationId: randomUUID(),
        eventId: id,
        quantity,
        totalCents: seats.priceCents * quantity,
      }
      const reserve = (known: EventSeats) => holding(holds.reserve(hold, known, reservationTtlS * 1000))
      let result = await reserve(seats)
      if (!result.held && seats.total - seats.sold >= quantity) {
        result = await reserve(await recount(id))
      }
      if (!result.held) {
        throw new Problem(409, 'sold_out', `Not enough tickets (available: ${result.available})`, {
          details: { available: result.available },
        })
      }

      log.info({ reservation_id: hold.reservationId, event_id: id, quantity }, 'reservation made')
      return {
        reservation_id: hold.reservationId,
        event_id: id,
        quantity,
        total_cents: hold.totalCents,
        expires_in_seconds: reservationTtlS,
      }
    },
  )

  /** A sale counts twice between its commit and the end of its hold; before saying no, look which ones do. */
  async function recount(id: number): Promise<EventSeats> {
    const exact = await events.seatsAmong(id, await holding(holds.sweep()))
    if (!exact) throw eventNotFound()
    return exact
  }
}

function explain(errors: { instancePath: string }[], context: string): Error {
  if (context === 'params') return invalidEventId()
  if (errors.some((error) => error.instancePath === '/quantity')) {
    return new Problem(400, 'invalid_quantity', 'Quantity must be 1-10')
  }
  return new Problem(400, 'body_required', 'Request body required')
}
