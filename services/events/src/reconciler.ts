import type { Log } from '@quickticket/kit/log'
import type { CheckoutStore, DueVoid } from './checkout-store.ts'
import type { EventStore } from './event-store.ts'
import type { HoldStore } from './hold-store.ts'
import type { EventMetrics } from './metrics.ts'
import type { PaymentsClient } from './payments-client.ts'

export interface ReconcilerDeps {
  events: EventStore
  checkouts: CheckoutStore
  holds: HoldStore
  payments: PaymentsClient
  counted: EventMetrics
  log: Log
}

export interface Reconciler {
  start(intervalMs: number): void
  /** Runs a round now, or another one right after the present one. */
  nudge(): void
  /** Waits for the round under way. */
  stop(): Promise<void>
}

const BATCH = 100
/** Longer than a void may take, so that two replicas do not try the same one at a time. */
const VOID_LEASE_MS = 10_000

/**
 * Settles what a crash or a failure left behind. Each step can be stopped anywhere and done again, on any replica:
 * holds whose seats are sold are ended; checkouts that are over are given up; their charges are voided.
 */
export function createReconciler({
  events,
  checkouts,
  holds,
  payments,
  counted,
  log,
}: ReconcilerDeps): Reconciler {
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined
  let again = false

  async function settle(): Promise<void> {
    await step('end sold holds', endSoldHolds)
    await step('give up overdue checkouts', giveUpOverdue)
    await step('void charges', voidCharges)
  }

  async function step(name: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => log.warn({ err: error, step: name }, 'reconciliation is delayed'))
  }

  async function endSoldHolds(): Promise<void> {
    const held = await holds.sweep()
    if (held.length === 0) return
    for (const sale of await events.salesAmong(held)) await holds.complete(sale)
  }

  async function giveUpOverdue(): Promise<void> {
    for (const reservationId of await checkouts.abandonOverdue(BATCH)) {
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
      await payments.void(due.reservationId)
      await checkouts.voided(due)
      if (!due.last) return
      counted.voids.inc()
      log.info({ reservation_id: due.reservationId }, 'checkout voided')
    } catch (error) {
      log.warn({ err: error, reservation_id: due.reservationId }, 'void failed, will be tried again')
    }
  }

  function nudge(): void {
    again = true
    round ??= run().finally(() => {
      round = undefined
    })
  }

  async function run(): Promise<void> {
    while (again) {
      again = false
      await settle()
    }
  }

  return {
    start(intervalMs) {
      timer = setInterval(nudge, intervalMs)
    },
    nudge,
    async stop() {
      clearInterval(timer)
      again = false
      await round
    },
  }
}
