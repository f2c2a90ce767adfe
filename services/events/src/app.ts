import { faults } from '@quickticket/faults/faults'
import { createApp } from '@quickticket/kit/app'
import { exportClockDifferences } from '@quickticket/kit/clock-difference'
import { docs } from '@quickticket/kit/docs'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import { createRetryQueue } from '@quickticket/kit/retry-queue'
import { requireServiceToken } from '@quickticket/kit/service-token'
import { inBackground, startTracing } from '@quickticket/kit/tracing/tracing'
import type pg from 'pg'
import { startAuditor } from './audit/auditor.ts'
import { createCheckoutStore } from './checkout-store.ts'
import type { Config } from './config.ts'
import { createDatabaseCheck } from './database-check.ts'
import { createEventStore } from './event-store.ts'
import type { HoldStore } from './hold-store.ts'
import { createEventsMetrics } from './metrics.ts'
import { createOutbox } from './outbox.ts'
import type { PaymentsClient } from './payments-client.ts'
import { createReconciler } from './reconciler.ts'
import { checkoutRoute } from './routes/checkout.ts'
import { confirmRoute } from './routes/confirm.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoute } from './routes/health.ts'
import { notifiedRoutes } from './routes/notified.ts'
import { reservationRoutes } from './routes/reservations.ts'
import { reserveRoute } from './routes/reserve.ts'
import { takeBackRoute } from './routes/take-back.ts'
import { createSchemaUpgrade } from './schema-upgrade.ts'
import { createVoidStore } from './void-store.ts'

export interface Deps {
  postgres: pg.Pool
  holds: HoldStore
  payments: PaymentsClient
  /** applies the migrations that the database lacks: these, by default all */
  migrate(only?: string[]): Promise<void>
}

/** Events, the seats that are held and sold, and the orders. */
export async function buildApp(
  config: Config,
  version: string,
  log: Log,
  { postgres, holds, payments, migrate }: Deps,
) {
  const identity = { service: 'events', version }
  const tracing = await startTracing(config, { ...identity, log })
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS, tracing })
  const registry = metrics(app, identity)
  requireServiceToken(app, config.SERVICE_TOKEN)
  const eventsMetrics = createEventsMetrics(registry, postgres, holds)
  const events = createEventStore(postgres)
  const checkouts = createCheckoutStore(postgres)
  const voids = createVoidStore(postgres)
  exportClockDifferences('events', registry, { postgres: checkouts })
  const auditor = startAuditor({ postgres, holds }, { intervalS: config.AUDIT_INTERVAL_S, registry, log })
  const checkDatabase = createDatabaseCheck(postgres)
  const upgrade = createSchemaUpgrade({ postgres, mode: config.MIGRATE_ON_START, migrate, log })
  const outbox = createOutbox(postgres, log)
  const reconciler = createReconciler({
    events,
    voids,
    outbox,
    holds,
    payments,
    metrics: eventsMetrics,
    log,
    tracing,
  })
  const runReconciler = reconciler.runNow
  const takeBacks = createRetryQueue({
    work: (ids) => inBackground(tracing, 'take reservations back', () => holds.takeBack(ids)),
    giveUpAfterMs: config.RESERVATION_TTL * 1000,
    name: 'take a reservation back',
    log,
  })

  docs(app, {
    title: 'QuickTicket Events',
    version,
    description: 'Events, reservations and orders',
    tags: {
      events: 'What is sold, and how to hold tickets of it',
      reservations: 'Tickets that are held for some minutes, and how they become orders',
      orders: 'Orders whose notification is due, for the service that sends it',
    },
    needsServiceToken: config.SERVICE_TOKEN !== '',
  })
  probes(app, identity, async () => {
    const { reason, isReadable } = await checkDatabase()
    return isReadable ? undefined : reason
  })
  faults(app, config, { service: 'events', registry, pool: postgres })
  healthRoute(app, { checkDatabase, askRedis: () => holds.ping() }, version)
  eventRoutes(app, events)
  reserveRoute(app, { events, holds, reservationTtlS: config.RESERVATION_TTL, takeBack: takeBacks.add })
  takeBackRoute(app, holds)
  notifiedRoutes(app, outbox)
  reservationRoutes(app, { holds, checkouts, runReconciler })
  checkoutRoute(app, { holds, checkouts })
  confirmRoute(app, { holds, checkouts, outbox, metrics: eventsMetrics, runReconciler })

  app.addHook('onReady', async () => {
    upgrade.start()
    reconciler.start(config.RECONCILE_INTERVAL_MS)
  })
  app.addHook('onClose', async () => {
    upgrade.stop()
    auditor.stop()
    await Promise.all([reconciler.stop(), takeBacks.close()])
    await outbox.close()
    await Promise.all([postgres.end(), holds.close(), payments.close()])
  })
  return app
}
