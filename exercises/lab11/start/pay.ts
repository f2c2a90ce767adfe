/**
 * Lab 11, 9: the patterns together, in the order in which a payment meets them. What comes in is the gateway's own.
 *
 * The errors are in @quickticket/gateway/policies/breaker, …/policies/bulkhead, …/payments-client, and @quickticket/kit/http-client.
 *
 * To do:
 * - A payment has one place in the bulkhead, whatever is retried.
 * - The breaker sees one outcome of a payment, whatever was retried.
 * - The status says what happened: 503 when the charge was not made (`CircuitOpenError`, `BulkheadFullError`) or payments does not
 *   answer (`UpstreamError`, `failure` is unreachable), 504 when it does not answer in time (`failure` is timeout), its own status
 *   when it refuses (`ChargeRefused`).
 * - What `confirm` answers is what the buyer gets. With 200 there is an order: call the notifier, and do not wait for it.
 */
import type { Pay, PayDeps } from '@quickticket/exercises/lab11/shapes'

const DEADLINE_MS = 5000

export function createPay({ charge, confirm }: PayDeps): Pay {
  return async (reservationId) => {
    // TODO: bulkhead, breaker, retry
    const paymentRef = await charge(reservationId, DEADLINE_MS)
    // TODO: notifier
    return confirm(reservationId, paymentRef)
  }
}
