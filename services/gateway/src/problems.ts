import { EXAMPLE_ID } from '@quickticket/contract/ids'
import { Problem, unavailable } from '@quickticket/kit/problem'

export const eventsBusy = (cause?: unknown) =>
  unavailable('events_busy', 'Events service is busy, try again', cause)
export const eventsTimeout = (cause?: unknown) =>
  new Problem(504, 'events_timeout', 'Events service timeout', { cause })
export const eventsUnavailable = (cause?: unknown) =>
  new Problem(502, 'events_unavailable', 'Events service unavailable', { cause })

/** Of every route that asks events. */
export const eventsProblems = [eventsBusy, eventsUnavailable, eventsTimeout].map((make) => () => make())

export const rateLimited = (path = '/events', limitRps = 10) =>
  new Problem(429, 'rate_limited', `More than ${limitRps} requests per second`, {
    details: { path, limit_rps: limitRps },
    headers: { 'retry-after': '1' },
  })

/** Of a charge: the status is what payments answered. */
export const paymentFailed = (
  reservationId = EXAMPLE_ID,
  { status = 500, retryAfter, cause }: Refusal = {},
) =>
  new Problem(status, 'payment_failed', 'Payment failed', {
    details: { reservation_id: reservationId },
    headers: retryAfter ? { 'retry-after': retryAfter } : {},
    cause,
  })
export const paymentTimeout = (reservationId = EXAMPLE_ID, cause?: unknown) =>
  new Problem(504, 'payment_timeout', 'Payment service timeout', {
    details: { reservation_id: reservationId },
    cause,
  })
export const paymentsUnavailable = (code: PaymentsUnavailable, reservationId = EXAMPLE_ID, cause?: unknown) =>
  new Problem(503, code, 'Payment service unavailable', {
    details: {
      message:
        'Payments are not possible at the moment. Your reservation is held: try again in a few minutes.',
      reservation_id: reservationId,
    },
    cause,
  })
export const orderNotConfirmed = (reservationId = EXAMPLE_ID) =>
  new Problem(503, 'order_not_confirmed', 'Order confirmation failed', {
    details: paidNotConfirmed(reservationId),
    headers: { 'retry-after': '1' },
  })

/** The charge stands, and paying again is safe. */
export const paidNotConfirmed = (reservationId: string) => ({
  message: 'The payment arrived, its order is not confirmed yet. Pay again: you are not charged twice.',
  reservation_id: reservationId,
})

export type PaymentsUnavailable = 'circuit_open' | 'payments_busy' | 'payments_unavailable'

interface Refusal {
  status?: number
  retryAfter?: string | undefined
  cause?: unknown
}

/** Of the payment itself, besides those of events. */
export const payProblems = [
  () => paymentFailed(),
  () => paymentFailed(EXAMPLE_ID, { status: 409 }),
  () => paymentTimeout(),
  () => paymentsUnavailable('payments_unavailable'),
  () => paymentsUnavailable('payments_busy'),
  () => paymentsUnavailable('circuit_open'),
  () => orderNotConfirmed(),
]
