import type { App } from '@quickticket/kit/app'
import { traceOf } from '@quickticket/kit/trace'
import type { EventsClient } from '../events-client.ts'
import { relay } from '../relay.ts'
import { ReservationId, ReservationStatus, takeAsItIs } from '../schemas.ts'

export function reservationRoutes(app: App, events: EventsClient): void {
  const tags = ['reservations']
  const response = takeAsItIs(ReservationStatus)

  app.get(
    '/reserve/:id',
    { schema: { tags, summary: 'What became of a reservation', params: ReservationId, response } },
    async (request, reply) => relay(reply, await events.reservation(request.params.id, traceOf(request.raw))),
  )

  app.delete(
    '/reserve/:id',
    { schema: { tags, summary: 'Give the seats back', params: ReservationId, response } },
    async (request, reply) => relay(reply, await events.release(request.params.id, traceOf(request.raw))),
  )
}
