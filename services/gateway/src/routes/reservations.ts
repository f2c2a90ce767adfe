import type { App } from '@quickticket/kit/app'
import { traceOf } from '@quickticket/kit/trace'
import type { EventsClient } from '../events-client.ts'
import { eventsProblems, relayed, storeProblems } from '../problems.ts'
import { relay } from '../relay.ts'
import { ReservationId, ReservationStatus, takeAsItIs } from '../schemas.ts'

export function reservationRoutes(app: App, events: EventsClient): void {
  const tags = ['reservations']
  const response = takeAsItIs(ReservationStatus)

  app.get(
    '/reserve/:id',
    {
      schema: {
        tags,
        operationId: 'getReservation',
        summary: 'What became of a reservation',
        description: 'A reservation is forgotten some time after it ended, unless it was paid.',
        params: ReservationId,
        response,
        problems: [relayed.reservationNotFound, ...storeProblems, ...eventsProblems],
      },
    },
    async (request, reply) => relay(reply, await events.reservation(request.params.id, traceOf(request.raw))),
  )

  app.delete(
    '/reserve/:id',
    {
      schema: {
        tags,
        operationId: 'releaseReservation',
        summary: 'Give the seats back',
        description: 'Repeating it is safe, and answers what became of the reservation.',
        params: ReservationId,
        response,
        problems: [relayed.reservationNotFound, relayed.alreadyPaid, ...storeProblems, ...eventsProblems],
      },
    },
    async (request, reply) => relay(reply, await events.release(request.params.id, traceOf(request.raw))),
  )
}
