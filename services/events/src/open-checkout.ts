import type { Order } from '@quickticket/contract/order'
import { reservationNotFound } from '@quickticket/contract/problems'
import type { CheckoutStore } from './checkout-store.ts'
import { translateHoldErrors } from './hold-errors.ts'
import type { Hold, HoldStore } from './hold-store.ts'

/** Time for the confirmation after the last moment at which a charge may take effect. */
const SETTLE_MS = 10_000
/**
 * By how much a hold outlives its checkout: the commit of an order, and then a reservation that has read before it what is sold, for
 * as long as it may take.
 */
const OUTLIVE_MS = 10_000
export const MIN_CHARGE_MS = 1

export interface OpenedCheckout {
  hold: Hold
  /** Unix ms; a later charge must not take effect */
  chargeBefore: number
}

/**
 * Writes down the intent to pay. The hold must end after its checkout, wherever this function is delayed: it reads PostgreSQL's
 * clock first, then prolongs the hold, and then writes the checkout with an end that counts from the time that was read. No
 * clock is compared with another one.
 *
 * @param wantedMs time that the payment may take
 * @returns the order instead, when the reservation is paid already
 * @throws {Problem} 404 when the reservation is unknown, over or given up; 503 when its hold cannot be checked
 */
export async function openCheckout(
  { holds, checkouts }: { holds: HoldStore; checkouts: CheckoutStore },
  id: string,
  wantedMs: number,
): Promise<{ order: Order } | OpenedCheckout> {
  const { now, order } = await checkouts.begin(id)
  if (order) return { order }
  const hold = await translateHoldErrors(holds.prolong(id, wantedMs + SETTLE_MS + OUTLIVE_MS))
  if (hold) {
    const expiresAt = now + hold.remainingMs - OUTLIVE_MS
    const chargeMs = Math.min(wantedMs, hold.remainingMs - OUTLIVE_MS - SETTLE_MS)
    if (chargeMs < MIN_CHARGE_MS) throw reservationNotFound()
    const chargeBefore = await checkouts.open(hold, { chargeBefore: now + chargeMs, expiresAt })
    if (chargeBefore !== undefined) return { hold, chargeBefore }
  }
  // another request has paid it meanwhile
  const paid = await checkouts.order(id)
  if (!paid) throw reservationNotFound()
  return { order: paid }
}
