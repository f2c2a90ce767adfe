import { randomUUID } from 'node:crypto'
import type { App } from '@quickticket/kit/app'
import type { UpstreamAnswer } from '@quickticket/kit/http-client'
import type { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import { traceOf } from '@quickticket/kit/trace'
import { type EventsClient, mayHaveArrived } from '../events-client.ts'
import {
  bodyRequired,
  eventsProblems,
  eventsUnavailable,
  invalidEventId,
  invalidPage,
  relayed,
  storeProblems,
} from '../problems.ts'
import { relay } from '../relay.ts'
import { Event, EventId, Page, Reservation, ReserveRequest, takeAsItIs } from '../schemas.ts'

export interface EventDeps {
  events: EventsClient
  /** ends a reservation whose answer did not arrive */
  takeBack(reservationId: string): void
}

export function eventRoutes(app: App, { events, takeBack }: EventDeps): void {
  const tags = ['events']

  app.get(
    '/events',
    {
      schema: {
        tags,
        operationId: 'listEvents',
        summary: 'Events by date: all of them, or a page',
        description:
          'All events without a query. For the next page, `after` is the id of the last event of this one.',
        querystring: Page,
        response: takeAsItIs(Type.Array(Event, { description: 'events in the order of their dates' })),
        problems: [invalidPage, relayed.eventNotFound, ...eventsProblems],
      },
      schemaErrorFormatter: invalidPage,
    },
    async (request, reply) => {
      const path = `/events${queryOf(request.query)}`
      return relay(reply, orBadGateway(await events.get(path, traceOf(request.raw))))
    },
  )

  app.get(
    '/events/:id',
    {
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'One event',
        description: 'An event and how many of its tickets are not sold.',
        params: EventId,
        response: takeAsItIs(Event),
        problems: [invalidEventId, relayed.eventNotFound, ...eventsProblems],
      },
      schemaErrorFormatter: invalidEventId,
    },
    async (request, reply) => {
      const answer = await events.get(`/events/${request.params.id}`, traceOf(request.raw))
      return relay(reply, orBadGateway(answer))
    },
  )

  app.post(
    '/events/:id/reserve',
    {
      schema: {
        tags,
        operationId: 'reserve',
        summary: 'Hold 1 to 10 seats for some minutes',
        description: 'Repeating it makes another reservation. Who does not pay in time loses the seats.',
        params: EventId,
        body: ReserveRequest,
        response: takeAsItIs(Reservation),
        problems: [
          bodyRequired,
          relayed.invalidQuantity,
          relayed.eventNotFound,
          relayed.soldOut,
          relayed.invalidPrice,
          invalidEventId,
          ...storeProblems,
          ...eventsProblems,
        ],
      },
      schemaErrorFormatter: explainReserve,
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
        return relay(reply, await events.reserve(id, body, reservationId, traceOf(request.raw)))
      } catch (error) {
        if (mayHaveArrived(error)) takeBack(reservationId)
        throw error
      }
    },
  )
}

/** Of a query only what events understands goes on. */
function queryOf({ limit, after }: { limit?: string; after?: string }): string {
  const parts = [limit && `limit=${limit}`, after && `after=${after}`].filter(Boolean)
  return parts.length > 0 ? `?${parts.join('&')}` : ''
}

/** A list that events can not give is a bad gateway, whatever broke behind it. */
function orBadGateway(answer: UpstreamAnswer): UpstreamAnswer {
  if (answer.status >= 500) throw eventsUnavailable()
  return answer
}

function explainReserve(_errors: unknown, context: string): Problem {
  return context === 'params' ? invalidEventId() : bodyRequired()
}
