import type { EventsClient } from '@quickticket/gateway/events-client'
import { protectCharge } from '@quickticket/gateway/policies/charge'
import { passBodiesThrough } from '@quickticket/gateway/relay'
import { payRoute } from '@quickticket/gateway/routes/pay'
import { createApp } from '@quickticket/kit/app'
import { createLogTo } from '@quickticket/kit/log'
import type { Pay, PayDeps } from '../shapes.ts'

/** The gateway's own route, asked as a buyer asks it. */
export function createPay({ bulkhead, breaker, retry, notifier, charge, confirm }: PayDeps): Pay {
  const app = createApp({ log: createLogTo({ write() {} }, 'gateway', 'silent'), maxConcurrentRequests: 0 })
  passBodiesThrough(app)
  const checkout = { event_id: 1, quantity: 1, total_cents: 100 }
  const events: EventsClient = {
    list: unused,
    event: unused,
    reserve: unused,
    reservation: unused,
    release: unused,
    health: unused,
    takeBack: unused,
    notified: unused,
    takeUnnotified: unused,
    clockDifferenceS: () => undefined,
    close: unused,
    checkout: async () => answer(200, checkout),
    confirm: async (id, paymentRef) => answer(await confirm(id, paymentRef), {}),
  }
  payRoute(app, {
    events,
    charge: protectCharge(
      { charge: ({ reservationId }, _trace, remainingMs) => charge(reservationId, remainingMs) },
      { bulkhead, breaker, retry },
      { inc() {} },
    ),
    notifier: { ...notifier, health: unused, close: unused },
    chargeTimeoutMs: 5000,
  })
  return async (id) => (await app.inject({ method: 'POST', url: `/reserve/${id}/pay` })).statusCode
}

function answer(status: number, body: unknown) {
  const contentType = 'application/json'
  return {
    status,
    contentType,
    retryAfter: undefined,
    date: undefined,
    body: Buffer.from(JSON.stringify(body)),
  }
}

function unused(): Promise<never> {
  return Promise.reject(new Error('a payment asks for checkout, charge and confirmation only'))
}
