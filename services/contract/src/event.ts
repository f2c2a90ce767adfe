import { integerText, Type } from '@quickticket/kit/schema'
import type { Static } from 'typebox'
import { MAX_INTEGER } from './ids.ts'

export const Event = Type.Object(
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

export type Event = Static<typeof Event>

export const EventPath = Type.Object({
  id: integerText('^[+-]?[0-9]{1,18}$', {
    description: 'the id of an event',
    examples: [1],
    minimum: 1,
    maximum: MAX_INTEGER,
  }),
})

export const PageQuery = Type.Object({
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
      maximum: MAX_INTEGER,
    }),
  ),
})
