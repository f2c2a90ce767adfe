import { OrderIds, OrderLimit } from '@quickticket/contract/order'
import { databaseProblems } from '@quickticket/contract/problems'
import type { App } from '@quickticket/kit/app'
import type { Outbox } from '../outbox.ts'

/** Longer than a notification may take, so that two callers do not send the same one at a time. */
const LEASE_MS = 30_000

/** For the gateway, which sends notifications: it reports the orders that are notified of, and takes those that are due. */
export function notifiedRoutes(app: App, outbox: Outbox): void {
  const tags = ['orders']

  app.post(
    '/orders/notified',
    {
      schema: {
        tags,
        summary: 'Mark the notifications of these orders as sent',
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
        description:
          'The caller sends the notifications of the orders that it takes, and reports them at /orders/notified.',
        body: OrderLimit,
        response: { 200: OrderIds },
        problems: databaseProblems,
      },
    },
    async ({ body }) => ({ order_ids: await outbox.takeDue('notify', body.limit, LEASE_MS) }),
  )
}
