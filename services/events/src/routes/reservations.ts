import type { App } from '@quickticket/kit/app'
import { malformedJson } from '@quickticket/kit/errors'
import { Type } from '@quickticket/kit/schema'
import type { CheckoutStatus, CheckoutStore } from '../checkout-store.ts'
import type { Hold, HoldStore } from '../hold-store.ts'
import { alreadyPaid, databaseProblems, reservationNotFound, reservationsUnavailable } from '../problems.ts'
import { holding } from '../redis-problem.ts'

// PostgreSQL has no null byte in a text
export const ReservationId = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: '^[^\\u0000]*$',
    description: 'the id of a reservation',
    examples: ['8a6e0804-2bd0-4672-b79d-d97027f9071a'],
  }),
})

const Reservation = Type.Object(
  {
    reservation_id: Type.String({ examples: ['8a6e0804-2bd0-4672-b79d-d97027f9071a'] }),
    event_id: Type.Integer({ examples: [1] }),
    quantity: Type.Integer({ examples: [2] }),
    total_cents: Type.Integer({ examples: [10_000] }),
    status: Type.Enum(
      ['held', 'paying', 'confirmed', 'expired', 'released', 'cancelled', 'refunding', 'refunded'],
      { examples: ['held'] },
    ),
    expires_in_seconds: Type.Integer({ description: '0 unless it is held or being paid', examples: [287] }),
  },
  { title: 'ReservationStatus' },
)

type ReservationStatus =
  | 'held'
  | 'paying'
  | 'confirmed'
  | 'expired'
  | 'released'
  | 'cancelled'
  | 'refunding'
  | 'refunded'

export interface ReservationDeps {
  holds: HoldStore
  checkouts: CheckoutStore
  /** asks the reconciler to give a charge back now */
  settle(): void
}

export function reservationRoutes(app: App, { holds, checkouts, settle }: ReservationDeps): void {
  const tags = ['reservations']

  app.get(
    '/reservations/:id',
    {
      schema: {
        tags,
        operationId: 'getReservation',
        summary: 'What became of a reservation',
        description: 'A reservation is forgotten some time after it ended, unless it was paid.',
        params: ReservationId,
        response: { 200: Reservation },
        problems: [reservationNotFound, () => reservationsUnavailable(), ...databaseProblems],
      },
    },
    async ({ params }) => describe(params.id),
  )

  app.post(
    '/reservations/:id/release',
    {
      schema: {
        tags,
        operationId: 'releaseReservation',
        summary: 'Give the seats back; a charge that is under way is given back too',
        description: 'Repeating it is safe, and answers what became of the reservation.',
        params: ReservationId,
        response: { 200: Reservation },
        problems: [
          malformedJson,
          reservationNotFound,
          alreadyPaid,
          () => reservationsUnavailable(),
          ...databaseProblems,
        ],
      },
    },
    async ({ params, log }) => {
      const seats = await releasable(params.id)
      const abandoned = seats && (await checkouts.abandon(seats))
      if (await checkouts.order(params.id)) throw alreadyPaid()
      const released = await holding(holds.release(params.id))
      if (abandoned) settle()
      if (released) log.info({ reservation_id: params.id }, 'reservation released')
      return describe(params.id)
    },
  )

  /** The seats of a reservation that could be paid now or in a moment. */
  async function releasable(id: string): Promise<Hold | undefined> {
    const checkout = await checkouts.find(id)
    if (checkout?.state === 'open') {
      const { event_id, quantity, total_cents } = checkout
      return { reservationId: id, eventId: event_id, quantity, totalCents: total_cents }
    }
    if (checkout) return undefined
    const hold = await holding(holds.find(id))
    return hold?.state === 'held' ? hold : undefined
  }

  /** @throws {Problem} 404 when nothing is known of it */
  async function describe(id: string) {
    const checkout = await checkouts.find(id)
    if (checkout && checkout.state !== 'open') {
      return answer(id, checkout, closedStatus(checkout), 0)
    }
    const hold = await holding(holds.find(id))
    if (!hold) {
      if (checkout) return answer(id, checkout, 'expired', 0)
      throw reservationNotFound()
    }
    const seats = { event_id: hold.eventId, quantity: hold.quantity, total_cents: hold.totalCents }
    if (hold.state === 'held')
      return answer(id, seats, checkout?.charging ? 'paying' : 'held', hold.remainingMs)
    return answer(id, seats, hold.state === 'released' ? 'released' : 'expired', 0)
  }
}

/** A charge that was never made is not refunded, and one that still stands is not refunded yet. */
function closedStatus({ state, chargeable, charged }: CheckoutStatus): ReservationStatus {
  if (state === 'confirmed') return 'confirmed'
  if (state === 'voiding') return 'refunding'
  if (!chargeable) return 'released'
  // not known of those that the version before has voided
  return charged === false ? 'cancelled' : 'refunded'
}

function answer(
  id: string,
  { event_id, quantity, total_cents }: { event_id: number; quantity: number; total_cents: number },
  status: ReservationStatus,
  remainingMs: number,
) {
  const expires_in_seconds = Math.ceil(remainingMs / 1000)
  return { reservation_id: id, event_id, quantity, total_cents, status, expires_in_seconds }
}
