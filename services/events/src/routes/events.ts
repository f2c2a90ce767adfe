import { MAX_INTEGER } from '@quickticket/contract/ids'
import { getEvent, listEvents } from '@quickticket/contract/operations'
import { databaseProblems, eventNotFound, invalidEventId, invalidPage } from '@quickticket/contract/problems'
import type { App } from '@quickticket/kit/app'
import type { EventStore } from '../event-store.ts'

export function eventRoutes(app: App, events: EventStore): void {
  app.get(
    '/events',
    {
      schema: { ...listEvents, problems: [...listEvents.problems, ...databaseProblems] },
      schemaErrorFormatter: invalidPage,
    },
    async ({ query: { limit, after } }) => {
      if (limit === undefined && after === undefined) return events.list()
      const page = await events.page({
        limit: limit ? Number(limit) : undefined,
        after: after ? parseEventId(after) : undefined,
      })
      if (!page) throw eventNotFound()
      return page
    },
  )

  app.get(
    '/events/:id',
    {
      schema: { ...getEvent, problems: [...getEvent.problems, ...databaseProblems] },
      schemaErrorFormatter: invalidEventId,
    },
    async ({ params }) => {
      const event = await events.find(parseEventId(params.id))
      if (!event) throw eventNotFound()
      return event
    },
  )
}

/** @throws {Problem} 404 when no event can have this id */
export function parseEventId(text: string): number {
  const id = Number(text)
  if (Math.abs(id) > MAX_INTEGER) throw eventNotFound()
  return id
}
