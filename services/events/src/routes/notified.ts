import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import type { Outbox } from '../outbox.ts'
import { databaseProblems } from '../problems.ts'

/** Longer than a notification may take, so that two callers do not send the same one at a time. */
const LEASE_MS = 30_000

const OrderIds = Type.Object(
  {
    order_ids: Type.Array(
      Type.String({ minLength: 1, maxLength: 100, examples: ['8a6e0804-2bd0-4672-b79d-d97027f9071a'] }),
      { maxItems: 1000 },
    ),
  },
  { title: 'OrderIds' },
)

const Limit = Type.Object(
  { limit: Type.Integer({ minimum: 1, maximum: 1000, description: 'most orders to take', examples: [100] }) },
  { title: 'Limit' },
)

/** For the caller that sends word of orders: it says of which it has, and takes those of which it should. */
export function notifiedRoutes(app: App, outbox: Outbox): void {
  const tags = ['orders']

  app.post(
    '/orders/notified',
    {
      schema: {
        tags,
        summary: 'Word of these orders was sent',
        operationId: 'markOrdersNotified',
        description: 'Repeating it is safe.',
        body: OrderIds,
        response: { 200: OrderIds },
        problems: databaseProblems,
      },
    },
    async ({ body }) => {
      await outbox.delete('notify', body.order_ids)
      return body
    },
  )

  app.post(
    '/orders/unnotified',
    {
      schema: {
        tags,
        summary: 'Take orders whose notification is due; no other caller gets them for 30 seconds',
        operationId: 'takeUnnotifiedOrders',
        description: 'Who takes an order sends its notification, and says so at /orders/notified.',
        body: Limit,
        response: { 200: OrderIds },
        problems: databaseProblems,
      },
    },
    async ({ body }) => ({ order_ids: await outbox.takeDue('notify', body.limit, LEASE_MS) }),
  )
}
