import type { Log } from '@quickticket/kit/log'
import type { CheckoutStore, DueVoid } from './checkout-store.ts'
import type { EventStore } from './event-store.ts'
import type { HoldStore } from './hold-store.ts'
import type { EventMetrics } from './metrics.ts'
import type { Outbox } from './outbox.ts'
import type { PaymentsClient } from './payments-client.ts'
import { createRounds, type Rounds } from './rounds.ts'

export interface ReconcilerDeps {
  events: EventStore
  checkouts: CheckoutStore
  outbox: Outbox
  holds: HoldStore
  payments: PaymentsClient
  counted: EventMetrics
  log: Log
}

const BATCH = 100
/** Longer than a void may take, so that two replicas do not try the same one at a time. */
const VOID_LEASE_MS = 10_000
const OUTBOX_LEASE_MS = 2000

/**
 * Settles what a crash or a failure left behind. Each step can be stopped anywhere and done again, on any replica: holds whose
 * seats are sold are ended; orders are counted; checkouts that are over are given up; their charges are voided. Payments that
 * hang delay only the voids.
 */
export function createReconciler(deps: ReconcilerDeps): Rounds {
  const { events, checkouts, outbox, holds, payments, counted, log } = deps
  const seats = createRounds(settleSeats)
  const voids = createRounds(() => step('void charges', voidCharges))

  async function settleSeats(): Promise<void> {
    await step('end sold holds', endSoldHolds)
    await step('count orders', countOrders)
    await step('give up overdue checkouts', giveUpOverdue)
  }

  async function step(name: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => log.warn({ err: error, step: name }, 'reconciliation is delayed'))
  }

  async function endSoldHolds(): Promise<void> {
    const sold = await outbox.takeDue('hold', BATCH, OUTBOX_LEASE_MS)
    if (sold.length === 0) return
    for (const sale of await events.salesAmong(sold)) await holds.complete(sale)
    await outbox.delete('hold', sold)
  }

  /** Those whose replica ended, or heard nothing of their COMMIT. */
  async function countOrders(): Promise<void> {
    const orders = await outbox.takeDue('count', BATCH, OUTBOX_LEASE_MS)
    counted.orders.inc(orders.length)
    await outbox.delete('count', orders)
  }

  async function giveUpOverdue(): Promise<void> {
    const overdue = await checkouts.abandonOverdue(BATCH)
    if (overdue.length > 0) voids.nudge()
    for (const reservationId of overdue) {
      log.warn({ reservation_id: reservationId }, 'checkout given up')
      await holds.release(reservationId)
    }
  }

  async function voidCharges(): Promise<void> {
    const due = await checkouts.takeDueVoids(BATCH, VOID_LEASE_MS)
    await Promise.all(due.map(voidCharge))
  }

  async function voidCharge(due: DueVoid): Promise<void> {
    try {
      const { charged } = await payments.void(due.reservationId)
      await checkouts.voided(due, charged)
      if (!due.last) return
      counted.voids.inc()
      log.info({ reservation_id: due.reservationId, charged }, 'checkout voided')
    } catch (error) {
      log.warn({ err: error, reservation_id: due.reservationId }, 'void failed, will be tried again')
    }
  }

  return {
    start(intervalMs) {
      seats.start(intervalMs)
      voids.start(intervalMs)
    },
    nudge() {
      seats.nudge()
      voids.nudge()
    },
    async stop() {
      await seats.stop()
      await voids.stop()
    },
  }
}
