import { randomUUID } from 'node:crypto'
import { PageQuery } from '@quickticket/contract/event'
import { getEvent, listEvents, reserve } from '@quickticket/contract/operations'
import { storeProblems } from '@quickticket/contract/problems'
import type { App } from '@quickticket/kit/app'
import type { UpstreamAnswer } from '@quickticket/kit/http-client'
import { type EventsClient, mayHaveArrived } from '../events-client.ts'
import { eventsProblems, eventsUnavailable } from '../problems.ts'
import { relay, VALIDATED_BY_EVENTS } from '../relay.ts'

export interface EventDeps {
  events: EventsClient
  /** ends a reservation whose answer did not arrive */
  takeBack(reservationId: string): void
}

export function eventRoutes(app: App, { events, takeBack }: EventDeps): void {
  app.get(
    '/events',
    {
      ...VALIDATED_BY_EVENTS,
      schema: { ...listEvents, problems: [...listEvents.problems, ...eventsProblems] },
    },
    async (request, reply) => {
      const answer = await events.list(pageOf(request.query), request.trace)
      return relay(reply, orBadGateway(answer))
    },
  )

  app.get(
    '/events/:id',
    { ...VALIDATED_BY_EVENTS, schema: { ...getEvent, problems: [...getEvent.problems, ...eventsProblems] } },
    async (request, reply) => {
      const answer = await events.event(request.params.id, request.trace)
      return relay(reply, orBadGateway(answer))
    },
  )

  app.post(
    '/events/:id/reserve',
    {
      ...VALIDATED_BY_EVENTS,
      schema: { ...reserve, problems: [...reserve.problems, ...storeProblems, ...eventsProblems] },
    },
    async (request, reply) => {
      const body = request.body as unknown as Buffer | undefined
      const reservationId = randomUUID()
      reply.raw.once('close', () => {
        // the client left before it was answered
        if (!reply.raw.writableEnded) takeBack(reservationId)
      })
      try {
        const { id } = request.params
        return relay(reply, await events.reserve(id, body, reservationId, request.trace))
      } catch (error) {
        if (mayHaveArrived(error)) takeBack(reservationId)
        throw error
      }
    },
  )
}

/** The parameters of a page, and no others. One that is repeated stays so: events refuses it. */
function pageOf(query: { [name: string]: string | string[] }): URLSearchParams {
  const page = new URLSearchParams()
  for (const name of Object.keys(PageQuery.properties)) {
    for (const value of [query[name] ?? []].flat()) page.append(name, value)
  }
  return page
}

/** A list that events cannot give is a bad gateway, whatever broke behind it. */
function orBadGateway(answer: UpstreamAnswer): UpstreamAnswer {
  if (answer.status >= 500) throw eventsUnavailable()
  return answer
}
