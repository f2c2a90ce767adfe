import { Type } from '@quickticket/kit/schema'
import type { Static } from 'typebox'
import { RESERVATION_ID_HEADER } from './headers.ts'
import { EXAMPLE_ID, NO_NULL_BYTE } from './ids.ts'
import { SEATS } from './seats.ts'

export const ReservationPath = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: NO_NULL_BYTE,
    description: 'the id of a reservation',
    examples: [EXAMPLE_ID],
  }),
})

export const ReserveRequest = Type.Object(
  {
    quantity: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10, default: 1, description: 'tickets', examples: [2] }),
    ),
  },
  { title: 'ReserveRequest' },
)

export const ReserveHeaders = Type.Object({
  [RESERVATION_ID_HEADER]: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description:
        'the id for the reservation, chosen by the caller so that it can take it back without an answer',
      examples: [EXAMPLE_ID],
    }),
  ),
})

export const Reservation = Type.Object(
  {
    reservation_id: Type.String({ examples: [EXAMPLE_ID] }),
    ...SEATS,
    expires_in_seconds: Type.Integer({ examples: [300] }),
  },
  { title: 'Reservation' },
)

export const ReservationStatus = Type.Object(
  {
    reservation_id: Type.String({ examples: [EXAMPLE_ID] }),
    ...SEATS,
    status: Type.Enum(
      ['held', 'paying', 'confirmed', 'expired', 'released', 'cancelled', 'refunding', 'refunded'],
      { examples: ['held'] },
    ),
    expires_in_seconds: Type.Integer({ description: '0 unless it is held or being paid', examples: [287] }),
  },
  { title: 'ReservationStatus' },
)

export type ReservationStatus = Static<typeof ReservationStatus>

export const ReservationIds = Type.Object(
  {
    reservation_ids: Type.Array(Type.String({ minLength: 1, maxLength: 100, examples: [EXAMPLE_ID] }), {
      minItems: 1,
      maxItems: 100,
    }),
  },
  { title: 'ReservationIds' },
)

export const TakenBack = Type.Object(
  { status: Type.String({ examples: ['released'] }) },
  { title: 'TakenBack' },
)
