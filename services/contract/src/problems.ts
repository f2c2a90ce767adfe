import { postgresProblem } from '@quickticket/kit/postgres-problem'
import { Problem, unavailable } from '@quickticket/kit/problem'

/**
 * What events answers besides what every service answers. Its routes throw these, and the routes of the gateway that pass
 * them on document them; without arguments they are examples.
 */
export const eventNotFound = () => new Problem(404, 'event_not_found', 'Event not found')
export const invalidEventId = () => new Problem(422, 'invalid_event_id', 'The event id must be an integer')
export const invalidPage = () =>
  new Problem(422, 'invalid_page', 'limit must be 1 to 1000, and after the id of an event')

export const bodyRequired = () => new Problem(400, 'body_required', 'Request body required')
export const invalidQuantity = () => new Problem(400, 'invalid_quantity', 'Quantity must be 1-10')
export const invalidReservationId = () =>
  new Problem(400, 'invalid_reservation_id', 'x-reservation-id must be a UUID')
export const invalidPrice = (id = 1, maxCents = 214_748_364) =>
  new Problem(409, 'invalid_price', `The price of event ${id} is not from 0 to ${maxCents} cents`)
export const reservationOver = () => new Problem(409, 'reservation_over', 'The reservation is over already')
export const soldOut = (available = 0) =>
  new Problem(409, 'sold_out', `Not enough tickets (available: ${available})`, { details: { available } })

export const reservationNotFound = () =>
  new Problem(404, 'reservation_not_found', 'Reservation not found or expired')
export const alreadyPaid = () => new Problem(409, 'already_paid', 'The reservation is paid already')
export const soldOutAtPayment = () =>
  new Problem(409, 'sold_out', 'The tickets are gone; your payment is given back')
export const reservationsUnavailable = (cause?: unknown) =>
  unavailable('reservations_unavailable', 'Reservations are not possible at the moment', cause)

/** Of every route that asks PostgreSQL. */
export const databaseProblems = [
  () => postgresProblem({ code: '57014' }),
  () => postgresProblem({ code: '08006' }),
  () => postgresProblem({ code: '42P01' }),
]

/** Of every route that asks PostgreSQL and the hold store. */
export const storeProblems = [() => reservationsUnavailable(), ...databaseProblems]
