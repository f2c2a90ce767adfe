import { getReservation, releaseReservation } from '@quickticket/contract/operations'
import { storeProblems } from '@quickticket/contract/problems'
import type { App } from '@quickticket/kit/app'
import type { EventsClient } from '../events-client.ts'
import { eventsProblems } from '../problems.ts'
import { relay, VALIDATED_BY_EVENTS } from '../relay.ts'

export function reservationRoutes(app: App, events: EventsClient): void {
  const more = [...storeProblems, ...eventsProblems]

  app.get(
    '/reserve/:id',
    {
      ...VALIDATED_BY_EVENTS,
      schema: { ...getReservation, problems: [...getReservation.problems, ...more] },
    },
    async (request, reply) => relay(reply, await events.reservation(request.params.id, request.trace)),
  )

  app.delete(
    '/reserve/:id',
    {
      ...VALIDATED_BY_EVENTS,
      schema: { ...releaseReservation, problems: [...releaseReservation.problems, ...more] },
    },
    async (request, reply) => relay(reply, await events.release(request.params.id, request.trace)),
  )
}
