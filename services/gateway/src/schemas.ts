import { Type } from '@quickticket/kit/schema'
import type { TSchema } from 'typebox'

export const EventId = Type.Object({
  id: Type.String({ pattern: '^[+-]?[0-9]{1,18}$', description: 'an integer' }),
})

export const Page = Type.Object({
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: 'at most so many, 1 to 1000' }),
  ),
  after: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,18}$', description: 'the id of the last event seen' }),
  ),
})

// PostgreSQL has no null byte in a text
export const ReservationId = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000]*$' }),
})

export const Event = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  venue: Type.String(),
  date: Type.String({ description: 'ISO 8601 with offset' }),
  total_tickets: Type.Integer(),
  price_cents: Type.Integer(),
  available: Type.Integer({ description: 'total minus sold, never below 0' }),
})

export const ReserveRequest = Type.Object({
  quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, description: '1 unless told' })),
})

export const Reservation = Type.Object({
  reservation_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  expires_in_seconds: Type.Integer(),
})

export const ReservationStatus = Type.Object({
  reservation_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  status: Type.Enum(['held', 'paying', 'confirmed', 'expired', 'released', 'refunded']),
  expires_in_seconds: Type.Integer({ description: '0 unless it is held or being paid' }),
})

export const Order = Type.Object({
  order_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  status: Type.String(),
})

/** The schema of a 200 for the documentation; the bytes themselves come from upstream. */
export function takeAsItIs(schema: TSchema) {
  return { 200: schema }
}
