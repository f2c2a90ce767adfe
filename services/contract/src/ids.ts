/** The id of a reservation, of its order and of its charge, in examples. */
export const EXAMPLE_ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

/** The largest integer of PostgreSQL. */
export const MAX_INTEGER = 2 ** 31 - 1

/** PostgreSQL has no null byte in a text. */
export const NO_NULL_BYTE = '^[^\\u0000]*$'
