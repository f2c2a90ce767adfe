import { integerText, Type } from '@quickticket/kit/schema'
import type { TSchema } from 'typebox'

const LARGEST_ID = 2 ** 31 - 1
const AN_ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

export const EventId = Type.Object({
  id: integerText('^[+-]?[0-9]{1,18}$', {
    description: 'the id of an event',
    examples: [1],
    minimum: 1,
    maximum: LARGEST_ID,
  }),
})

export const Page = Type.Object({
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

export const ReservationId = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    // PostgreSQL has no null byte in a text
    pattern: '^[^\\u0000]*$',
    description: 'the id of a reservation',
    examples: [AN_ID],
  }),
})

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

export const ReserveRequest = Type.Object(
  {
    quantity: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10, description: 'tickets; 1 unless told', examples: [2] }),
    ),
  },
  { title: 'ReserveRequest' },
)

const seats = {
  event_id: Type.Integer({ examples: [1] }),
  quantity: Type.Integer({ examples: [2] }),
  total_cents: Type.Integer({ examples: [10_000] }),
}

export const Reservation = Type.Object(
  {
    reservation_id: Type.String({ examples: [AN_ID] }),
    ...seats,
    expires_in_seconds: Type.Integer({ examples: [300] }),
  },
  { title: 'Reservation' },
)

export const ReservationStatus = Type.Object(
  {
    reservation_id: Type.String({ examples: [AN_ID] }),
    ...seats,
    status: Type.Enum(
      ['held', 'paying', 'confirmed', 'expired', 'released', 'cancelled', 'refunding', 'refunded'],
      { examples: ['held'] },
    ),
    expires_in_seconds: Type.Integer({ description: '0 unless it is held or being paid', examples: [287] }),
  },
  { title: 'ReservationStatus' },
)

export const Order = Type.Object(
  {
    order_id: Type.String({ description: 'the id of the reservation', examples: [AN_ID] }),
    ...seats,
    status: Type.String({ examples: ['confirmed'] }),
  },
  { title: 'Order' },
)

/** The schema of a 200 for the documentation; the bytes themselves come from upstream. */
export function takeAsItIs(schema: TSchema) {
  return { 200: schema }
}
