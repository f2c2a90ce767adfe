import { Type } from '@quickticket/kit/schema'
import type { Static } from 'typebox'
import { EXAMPLE_ID } from './ids.ts'

export const Notification = Type.Object(
  {
    event: Type.String({ minLength: 1, maxLength: 128, examples: ['order_confirmed'] }),
    order_id: Type.String({ minLength: 1, maxLength: 128, examples: [EXAMPLE_ID] }),
  },
  { title: 'Notification' },
)

export type Notification = Static<typeof Notification>

export const Sent = Type.Object(
  {
    status: Type.String({ examples: ['sent'] }),
    event: Type.String({ examples: ['order_confirmed'] }),
    order_id: Type.String({ examples: [EXAMPLE_ID] }),
  },
  { title: 'Sent' },
)
