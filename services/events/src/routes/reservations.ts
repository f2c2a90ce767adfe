import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { CheckoutStore } from '../checkout-store.ts'
import type { Hold, HoldStore } from '../hold-store.ts'
import { holding } from '../redis-problem.ts'

// PostgreSQL has no null byte in a text
export const ReservationId = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000]*$' }),
})

const Reservation = Type.Object({
  reservation_id: Type.String(),
  event_id: Type.Integer(),
  quantity: Type.Integer(),
  total_cents: Type.Integer(),
  status: Type.Enum(['held', 'paying', 'confirmed', 'expired', 'released', 'refunded']),
  expires_in_seconds: Type.Integer({ description: '0 unless it is held or being paid' }),
})

type ReservationStatus = 'held' | 'paying' | 'confirmed' | 'expired' | 'released' | 'refunded'

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
        summary: 'What became of a reservation',
        params: ReservationId,
        response: { 200: Reservation },
      },
    },
    async ({ params }) => describe(params.id),
  )

  app.post(
    '/reservations/:id/release',
    {
      schema: {
        tags,
        summary: 'Give the seats back; a charge that is under way is given back too',
        params: ReservationId,
        response: { 200: Reservation },
      },
    },
    async ({ params, log }) => {
      const seats = await releasable(params.id)
      const abandoned = seats && (await checkouts.abandon(seats))
      if (await checkouts.order(params.id))
        throw new Problem(409, 'already_paid', 'The reservation is paid already')
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
      if (checkout.state === 'confirmed') return answer(id, checkout, 'confirmed', 0)
      return answer(id, checkout, checkout.chargeable ? 'refunded' : 'released', 0)
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

function answer(
  id: string,
  { event_id, quantity, total_cents }: { event_id: number; quantity: number; total_cents: number },
  status: ReservationStatus,
  remainingMs: number,
) {
  const expires_in_seconds = Math.ceil(remainingMs / 1000)
  return { reservation_id: id, event_id, quantity, total_cents, status, expires_in_seconds }
}

export function reservationNotFound(): Problem {
  return new Problem(404, 'reservation_not_found', 'Reservation not found or expired')
}
