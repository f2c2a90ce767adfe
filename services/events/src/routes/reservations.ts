import { getReservation, releaseReservation } from '@quickticket/contract/operations'
import { alreadyPaid, reservationNotFound, storeProblems } from '@quickticket/contract/problems'
import type { ReservationStatus } from '@quickticket/contract/reservation'
import type { App } from '@quickticket/kit/app'
import { malformedJson } from '@quickticket/kit/errors'
import type { CheckoutStatus, CheckoutStore } from '../checkout-store.ts'
import { translateHoldErrors } from '../hold-errors.ts'
import type { Hold, HoldStore } from '../hold-store.ts'

export interface ReservationDeps {
  holds: HoldStore
  checkouts: CheckoutStore
  /** starts a round of the reconciler, which gives the charge back */
  runReconciler(): void
}

export function reservationRoutes(app: App, { holds, checkouts, runReconciler }: ReservationDeps): void {
  app.get(
    '/reservations/:id',
    { schema: { ...getReservation, problems: [...getReservation.problems, ...storeProblems] } },
    async ({ params }) => describe(params.id),
  )

  app.post(
    '/reservations/:id/release',
    {
      schema: {
        ...releaseReservation,
        problems: [malformedJson, ...releaseReservation.problems, ...storeProblems],
      },
    },
    async ({ params, log }) => {
      const seats = await releasable(params.id)
      const abandoned = seats && (await checkouts.abandon(seats))
      if (await checkouts.order(params.id)) throw alreadyPaid()
      const released = await translateHoldErrors(holds.release(params.id))
      if (abandoned) runReconciler()
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
    const hold = await translateHoldErrors(holds.find(id))
    return hold?.state === 'held' ? hold : undefined
  }

  /** @throws {Problem} 404 when nothing is known of it */
  async function describe(id: string): Promise<ReservationStatus> {
    const checkout = await checkouts.find(id)
    if (checkout && checkout.state !== 'open') {
      return answer(id, checkout, closedStatus(checkout), 0)
    }
    const hold = await translateHoldErrors(holds.find(id))
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
function closedStatus({ state, chargeable, charged }: CheckoutStatus): ReservationStatus['status'] {
  if (state === 'confirmed') return 'confirmed'
  if (state === 'voiding') return 'refunding'
  if (!chargeable) return 'released'
  // not known of those that the version before has voided
  return charged === false ? 'cancelled' : 'refunded'
}

function answer(
  id: string,
  { event_id, quantity, total_cents }: Pick<ReservationStatus, 'event_id' | 'quantity' | 'total_cents'>,
  status: ReservationStatus['status'],
  remainingMs: number,
): ReservationStatus {
  const expires_in_seconds = Math.ceil(remainingMs / 1000)
  return { reservation_id: id, event_id, quantity, total_cents, status, expires_in_seconds }
}
