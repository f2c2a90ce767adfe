import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { EventStore } from '../event-store.ts'

export const EventId = Type.Object({
  id: Type.String({ pattern: '^[+-]?[0-9]{1,18}$', description: 'an integer' }),
})

const PageQuery = Type.Object({
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: 'at most so many, 1 to 1000' }),
  ),
  after: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,18}$', description: 'the id of the last event seen' }),
  ),
})

const Event = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  venue: Type.String(),
  date: Type.String({ description: 'ISO 8601 with offset' }),
  total_tickets: Type.Integer(),
  price_cents: Type.Integer(),
  available: Type.Integer({ description: 'total minus sold, never below 0' }),
})

export function eventRoutes(app: App, events: EventStore): void {
  const tags = ['events']

  app.get(
    '/events',
    {
      schema: {
        tags,
        summary: 'Events by date: all of them, or a page',
        querystring: PageQuery,
        response: { 200: Type.Array(Event) },
      },
      schemaErrorFormatter: invalidPage,
    },
    async ({ query: { limit, after } }) => {
      if (limit === undefined && after === undefined) return events.list()
      const page = await events.page({
        limit: limit ? Number(limit) : undefined,
        after: after ? eventId(after) : undefined,
      })
      if (!page) throw eventNotFound()
      return page
    },
  )

  app.get(
    '/events/:id',
    {
      schema: { tags, summary: 'One event', params: EventId, response: { 200: Event } },
      schemaErrorFormatter: invalidEventId,
    },
    async ({ params }) => {
      const event = await events.find(eventId(params.id))
      if (!event) throw eventNotFound()
      return event
    },
  )
}

const LARGEST_ID = 2 ** 31 - 1

/** @throws {Problem} 404 when no event can have this id */
export function eventId(text: string): number {
  const id = Number(text)
  if (Math.abs(id) > LARGEST_ID) throw eventNotFound()
  return id
}

function invalidPage(): Problem {
  return new Problem(422, 'invalid_page', 'limit must be 1 to 1000, and after the id of an event')
}

export function invalidEventId(): Problem {
  return new Problem(422, 'invalid_event_id', 'The event id must be an integer')
}

export function eventNotFound(): Problem {
  return new Problem(404, 'event_not_found', 'Event not found')
}
