import { Type } from '@quickticket/kit/schema'

/** What is reserved, paid and ordered. */
export const SEATS = {
  event_id: Type.Integer({ examples: [1] }),
  quantity: Type.Integer({ examples: [2] }),
  total_cents: Type.Integer({ examples: [10_000] }),
}
