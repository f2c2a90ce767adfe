import { randomUUID } from 'node:crypto'
import { RESERVATION_ID_HEADER } from '@quickticket/contract/headers'
import { reserve as operation } from '@quickticket/contract/operations'
import {
  bodyRequired,
  eventNotFound,
  invalidEventId,
  invalidPrice,
  invalidQuantity,
  invalidReservationId,
  reservationOver,
  reservationsUnavailable,
  soldOut,
  storeProblems,
} from '@quickticket/contract/problems'
import { ReserveHeaders } from '@quickticket/contract/reservation'
import type { App } from '@quickticket/kit/app'
import type { Problem } from '@quickticket/kit/problem'
import type { EventStore } from '../event-store.ts'
import { translateHoldErrors } from '../hold-errors.ts'
import type { HoldStore, ReserveResult } from '../hold-store.ts'
import { parseEventId } from './events.ts'

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
    ...operation,
    headers: ReserveHeaders,
    problems: [...operation.problems, invalidReservationId, reservationOver, ...storeProblems],
  }
  app.post(
    '/events/:id/reserve',
    { schema, schemaErrorFormatter: explain },
    async ({ params, headers, body, log }) => {
      const id = parseEventId(params.id)
      const quantity = body.quantity ?? 1
      const reservationId = headers[RESERVATION_ID_HEADER] ?? randomUUID()
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
    const times = { ttlMs: reservationTtlS * 1000, maxExtensionMs: MAX_EXTENSION_MS, deadline }
    try {
      return { seats, result: await translateHoldErrors(holds.reserve(hold, seats, times)) }
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
const MAX_EXTENSION_MS = 60_000
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
