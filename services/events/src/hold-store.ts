/** Seats that a buyer holds for some minutes. */
export interface Hold {
  reservationId: string
  eventId: number
  quantity: number
  totalCents: number
}

export type ReserveResult =
  | { outcome: 'held'; remainingMs: number }
  | { outcome: 'sold_out'; available: number }
  /** it came after its deadline, or its reservation is over already */
  | { outcome: 'late' | 'ended' }

export interface HoldTimes {
  /** how long the hold lasts */
  ttlMs: number
  /** how much longer payments may make it last, all of them together */
  maxExtensionMs: number
  /** when it must not begin any more, in ms of `performance.now()` */
  deadline: number
}

/** What PostgreSQL says of an event's seats, read in one statement. */
export interface Seats {
  total: number
  sold: number
  /** holds whose seats are among those sold already, because their sale has not ended them yet */
  soldHoldIds: string[]
}

/** A reservation that has become an order. */
export interface Sale {
  reservationId: string
  eventId: number
  /** what the event has sold, this sale included */
  soldSeats: number
}

/** A hold, and what became of it; it is remembered for an hour after its end. */
export interface HoldState extends Hold {
  state: 'held' | 'expired' | 'released' | 'sold'
  /** 0 when it is not held */
  remainingMs: number
}

/** All holds at one moment, and how many seats each event counts as held. */
export interface HoldSnapshot {
  holds: { reservationId: string; eventId: number; quantity: number }[]
  heldByEvent: Map<number, number>
}

/**
 * The seats that are held. Every method is one atomic step, and ends expired holds first. Losing this store loses
 * holds, never an order: PostgreSQL has the last word.
 */
export interface HoldStore {
  /**
   * Holds seats if there are enough beside those sold and held. A reservation that is held already stays as it is. `seats` is
   * what was read before the deadline began to run: a later reservation could count seats as free that were sold meanwhile.
   */
  reserve(hold: Hold, seats: Seats, times: HoldTimes): Promise<ReserveResult>
  /** The hold, made to last at least `minimumMs` more, if it may be prolonged so far; undefined when it is not held. */
  prolong(reservationId: string, minimumMs: number): Promise<(Hold & { remainingMs: number }) | undefined>
  /** Ends holds whose answer was lost, or makes sure that they do not begin later. Those that are being paid stay. */
  takeBack(reservationIds: string[]): Promise<void>
  find(reservationId: string): Promise<HoldState | undefined>
  /** Ends a hold whose seats are sold: from now on they count as part of `soldSeats`. */
  complete(sale: Sale): Promise<void>
  /** Ends a hold and gives its seats back; false when it was not held. */
  release(reservationId: string): Promise<boolean>
  /** How many reservations are held. */
  count(): Promise<number>
  /** For audits. */
  snapshot(): Promise<HoldSnapshot>
  /** Rejects when nothing can be held: the store is not there, or refuses to write. */
  ping(): Promise<unknown>
  close(): Promise<void>
}

/**
 * How long a sale's new total is remembered beside the holds. A reservation that read PostgreSQL before the sale, and
 * comes after its hold has ended, would count its seats as free; no read is older than this when it is used: the
 * deadline of a reservation sees to that. After that time a number that fell (orders deleted, an older database restored) is
 * believed again.
 */
export const SOLD_TTL_MS = 60_000

/** How long it is remembered what became of a hold. */
export const ENDED_TTL_MS = 3_600_000
