/** The id for a new reservation, chosen by the gateway so that it can take the reservation back without an answer. */
export const RESERVATION_ID_HEADER = 'x-reservation-id'

/** A charge takes effect once for each value. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key'
