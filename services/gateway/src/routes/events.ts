import type { App } from '@quickticket/kit/app'
import type { UpstreamAnswer } from '@quickticket/kit/http-client'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import { traceOf } from '@quickticket/kit/trace'
import { type EventsClient, eventsUnavailable } from '../events-client.ts'
import { relay } from '../relay.ts'
import { Event, EventId, Page, Reservation, ReserveRequest, takeAsItIs } from '../schemas.ts'

export function eventRoutes(app: App, events: EventsClient): void {
  const tags = ['events']

  app.get(
    '/events',
    {
      schema: {
        tags,
        summary: 'Events by date: all of them, or a page',
        querystring: Page,
        response: takeAsItIs(Type.Array(Event)),
      },
      schemaErrorFormatter: explainPage,
    },
    async (request, reply) => {
      const path = `/events${queryOf(request.query)}`
      return relay(reply, orBadGateway(await events.get(path, traceOf(request.raw))))
    },
  )

  app.get(
    '/events/:id',
    {
      schema: { tags, summary: 'One event', params: EventId, response: takeAsItIs(Event) },
      schemaErrorFormatter: explainId,
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
        summary: 'Hold 1 to 10 seats for some minutes',
        params: EventId,
        body: ReserveRequest,
        response: takeAsItIs(Reservation),
      },
      schemaErrorFormatter: explainReserve,
    },
    async (request, reply) => {
      const body = request.body as unknown as Buffer | undefined
      return relay(reply, await events.reserve(request.params.id, body, traceOf(request.raw)))
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

function explainPage(): Problem {
  return new Problem(422, 'invalid_page', 'limit must be 1 to 1000, and after the id of an event')
}

function explainReserve(_errors: unknown, context: string): Problem {
  return context === 'params' ? explainId() : new Problem(400, 'body_required', 'Request body required')
}

function explainId(): Problem {
  return new Problem(422, 'invalid_event_id', 'The event id must be an integer')
}
