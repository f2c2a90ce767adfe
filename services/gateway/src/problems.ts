import { Problem, unavailable } from '@quickticket/kit/problem'

/** What events answers and the gateway passes on, for the documentation. A test compares it with the documentation of events. */
export const relayed = {
  eventNotFound: () => new Problem(404, 'event_not_found', 'Event not found'),
  invalidQuantity: () => new Problem(400, 'invalid_quantity', 'Quantity must be 1-10'),
  soldOut: () => soldOut(0),
  invalidPrice: () =>
    new Problem(409, 'invalid_price', 'The price of event 1 is not from 0 to 214748364 cents'),
  reservationNotFound: () => new Problem(404, 'reservation_not_found', 'Reservation not found or expired'),
  alreadyPaid: () => new Problem(409, 'already_paid', 'The reservation is paid already'),
  soldOutAtPayment: () => new Problem(409, 'sold_out', 'The tickets are gone; your payment is given back'),
  reservationsUnavailable: () =>
    unavailable('reservations_unavailable', 'Reservations are not possible at the moment'),
  databaseBusy: () => unavailable('database_busy', 'The database is busy, try again'),
  databaseUnavailable: () => unavailable('database_unavailable', 'The database is not available'),
  databaseError: () => new Problem(500, 'database_error', 'The database could not answer'),
}

const soldOut = (available: number) =>
  new Problem(409, 'sold_out', `Not enough tickets (available: ${available})`, { details: { available } })

/** Of every route that passes on what events says of its stores. */
export const storeProblems = [
  relayed.reservationsUnavailable,
  relayed.databaseBusy,
  relayed.databaseUnavailable,
  relayed.databaseError,
]

export const eventsBusy = (cause?: unknown) =>
  unavailable('events_busy', 'Events service is busy, try again', cause)
export const eventsTimeout = (cause?: unknown) =>
  new Problem(504, 'events_timeout', 'Events service timeout', { cause })
export const eventsUnavailable = (cause?: unknown) =>
  new Problem(502, 'events_unavailable', 'Events service unavailable', { cause })

/** Of every route that asks events. */
export const eventsProblems = [eventsBusy, eventsUnavailable, eventsTimeout].map((make) => () => make())

export const invalidPage = () =>
  new Problem(422, 'invalid_page', 'limit must be 1 to 1000, and after the id of an event')
export const invalidEventId = () => new Problem(422, 'invalid_event_id', 'The event id must be an integer')
export const bodyRequired = () => new Problem(400, 'body_required', 'Request body required')

export const rateLimited = (path = '/events', limitRps = 10) =>
  new Problem(429, 'rate_limited', `More than ${limitRps} requests per second`, {
    details: { path, limit_rps: limitRps },
    headers: { 'retry-after': '1' },
  })

/** Of a charge: the status is what payments answered. */
export const paymentFailed = (reservationId = ID, { status = 500, retryAfter, cause }: Refusal = {}) =>
  new Problem(status, 'payment_failed', 'Payment failed', {
    details: { reservation_id: reservationId },
    headers: retryAfter ? { 'retry-after': retryAfter } : {},
    cause,
  })
export const paymentTimeout = (reservationId = ID, cause?: unknown) =>
  new Problem(504, 'payment_timeout', 'Payment service timeout', {
    details: { reservation_id: reservationId },
    cause,
  })
export const paymentsUnavailable = (code: PaymentsUnavailable, reservationId = ID, cause?: unknown) =>
  new Problem(503, code, 'Payment service unavailable', {
    details: {
      message:
        'Payments are not possible at the moment. Your reservation is held: try again in a few minutes.',
      reservation_id: reservationId,
    },
    cause,
  })
export const orderNotConfirmed = (reservationId = ID) =>
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

/** in examples */
const ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

/** Of the payment itself, besides those of events. */
export const payProblems = [
  () => paymentFailed(),
  () => paymentFailed(ID, { status: 409 }),
  () => paymentTimeout(),
  () => paymentsUnavailable('payments_unavailable'),
  () => paymentsUnavailable('payments_busy'),
  () => paymentsUnavailable('circuit_open'),
  () => orderNotConfirmed(),
]
