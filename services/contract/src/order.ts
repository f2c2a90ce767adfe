import { Type } from '@quickticket/kit/schema'
import type { Static } from 'typebox'
import { EXAMPLE_ID } from './ids.ts'
import { SEATS } from './seats.ts'

export const Order = Type.Object(
  {
    order_id: Type.String({ description: 'the id of the reservation', examples: [EXAMPLE_ID] }),
    ...SEATS,
    status: Type.String({ examples: ['confirmed'] }),
  },
  { title: 'Order' },
)

export type Order = Static<typeof Order>

export const OrderIds = Type.Object(
  {
    order_ids: Type.Array(Type.String({ minLength: 1, maxLength: 100, examples: [EXAMPLE_ID] }), {
      maxItems: 1000,
    }),
  },
  { title: 'OrderIds' },
)

export type OrderIds = Static<typeof OrderIds>

export const OrderLimit = Type.Object(
  { limit: Type.Integer({ minimum: 1, maximum: 1000, description: 'most orders to take', examples: [100] }) },
  { title: 'Limit' },
)
