import type { App } from '@quickticket/kit/app'
import { integerText, Type } from '@quickticket/kit/schema'
import type { EventStore } from '../event-store.ts'
import { databaseProblems, eventNotFound, invalidEventId, invalidPage } from '../problems.ts'

const LARGEST_ID = 2 ** 31 - 1

export const EventId = Type.Object({
  id: integerText('^[+-]?[0-9]{1,18}$', {
    description: 'the id of an event',
    examples: [1],
    minimum: 1,
    maximum: LARGEST_ID,
  }),
})

const PageQuery = Type.Object({
  limit: Type.Optional(
    integerText('^([1-9][0-9]{0,2}|1000)$', {
      description: 'at most so many events',
      examples: [20],
      minimum: 1,
      maximum: 1000,
    }),
  ),
  after: Type.Optional(
    integerText('^[0-9]{1,18}$', {
      description: 'the id of the last event seen',
      examples: [1],
      minimum: 1,
      maximum: LARGEST_ID,
    }),
  ),
})

const Event = Type.Object(
  {
    id: Type.Integer({ examples: [1] }),
    name: Type.String({ examples: ['Go Conference 2026'] }),
    venue: Type.String({ examples: ['Main Hall A'] }),
    date: Type.String({ description: 'ISO 8601 with offset', examples: ['2026-09-15T09:00:00+00:00'] }),
    total_tickets: Type.Integer({ examples: [100] }),
    price_cents: Type.Integer({ description: 'of one ticket', examples: [5000] }),
    available: Type.Integer({ description: 'total minus sold, never below 0', examples: [97] }),
  },
  { title: 'Event' },
)

export function eventRoutes(app: App, events: EventStore): void {
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
        querystring: PageQuery,
        response: { 200: Type.Array(Event, { description: 'events in the order of their dates' }) },
        problems: [invalidPage, eventNotFound, ...databaseProblems],
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
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'One event',
        description: 'An event and how many of its tickets are not sold.',
        params: EventId,
        response: { 200: Event },
        problems: [invalidEventId, eventNotFound, ...databaseProblems],
      },
      schemaErrorFormatter: invalidEventId,
    },
    async ({ params }) => {
      const event = await events.find(eventId(params.id))
      if (!event) throw eventNotFound()
      return event
    },
  )
}

/** @throws {Problem} 404 when no event can have this id */
export function eventId(text: string): number {
  const id = Number(text)
  if (Math.abs(id) > LARGEST_ID) throw eventNotFound()
  return id
}
