import type { Log } from '@quickticket/kit/log'
import type { Trace } from '@quickticket/kit/trace'
import { inBackground, type Tracing } from '@quickticket/kit/tracing/tracing'
import type { EventStore } from './event-store.ts'
import type { HoldStore } from './hold-store.ts'
import type { EventsMetrics } from './metrics.ts'
import type { Outbox } from './outbox.ts'
import type { PaymentsClient } from './payments-client.ts'
import { createPeriodicTask, type PeriodicTask } from './periodic-task.ts'
import type { DueVoid, VoidStore } from './void-store.ts'

export interface ReconcilerDeps {
  events: EventStore
  voids: VoidStore
  outbox: Outbox
  holds: HoldStore
  payments: PaymentsClient
  metrics: EventsMetrics
  log: Log
  tracing?: Tracing | undefined
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
export function createReconciler(deps: ReconcilerDeps): PeriodicTask {
  const { events, voids, outbox, holds, payments, metrics, log, tracing } = deps
  const seatTask = createPeriodicTask(settleSeats)
  const voidTask = createPeriodicTask(() => step('void charges', voidCharges))

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

  /** Orders whose replica ended, or did not receive the answer to its COMMIT. */
  async function countOrders(): Promise<void> {
    const orders = await outbox.takeDue('count', BATCH, OUTBOX_LEASE_MS)
    metrics.orders.inc(orders.length)
    await outbox.delete('count', orders)
  }

  async function giveUpOverdue(): Promise<void> {
    const overdue = await voids.abandonOverdue(BATCH)
    if (overdue.length > 0) voidTask.runNow()
    for (const reservationId of overdue) {
      log.warn({ reservation_id: reservationId }, 'checkout given up')
      await holds.release(reservationId)
    }
  }

  async function voidCharges(): Promise<void> {
    const due = await voids.takeDue(BATCH, VOID_LEASE_MS)
    await Promise.all(
      due.map((charge) =>
        inBackground(tracing, 'void charge', (trace) => voidCharge(charge, trace), {
          'quickticket.reservation_id': charge.reservationId,
        }),
      ),
    )
  }

  async function voidCharge(due: DueVoid, trace: Trace): Promise<void> {
    const ids = { request_id: trace.requestId, trace_id: trace.traceId, reservation_id: due.reservationId }
    try {
      const { charged } = await payments.void(due.reservationId, trace)
      await voids.voided(due, charged)
      if (!due.last) return
      metrics.voids.inc()
      log.info({ ...ids, charged }, 'checkout voided')
    } catch (error) {
      log.warn({ ...ids, err: error }, 'void failed, will be tried again')
    }
  }

  return {
    start(intervalMs) {
      seatTask.start(intervalMs)
      voidTask.start(intervalMs)
    },
    runNow() {
      seatTask.runNow()
      voidTask.runNow()
    },
    async stop() {
      await seatTask.stop()
      await voidTask.stop()
    },
  }
}
