import { faults } from '@quickticket/faults/faults'
import { createApp } from '@quickticket/kit/app'
import { exportClockDifferences } from '@quickticket/kit/clock-difference'
import { docs } from '@quickticket/kit/docs'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import { startTracing } from '@quickticket/kit/tracing/tracing'
import type { Config } from './config.ts'
import { exportBulkheads, exportCircuitState, gatewayMetrics } from './metrics.ts'
import { createBulkheads } from './policies/bulkheads.ts'
import { createCharge } from './policies/charge.ts'
import { shedLoad } from './policies/load-shedding.ts'
import { limitRate } from './policies/rate-limit.ts'
import { createRedisRateStore } from './policies/redis-rate-store.ts'
import { rateLimited } from './problems.ts'
import { passBodiesThrough } from './relay.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoute } from './routes/health.ts'
import { payRoute } from './routes/pay.ts'
import { reservationRoutes } from './routes/reservations.ts'
import { connectRedis, connectUpstreams } from './upstreams.ts'

/** The entry point: passes requests on to events and payments, and survives their failures. */
export async function buildApp(config: Config, version: string, log: Log) {
  const { GATEWAY_TIMEOUT_MS, RATE_LIMIT_RPS, RATE_LIMIT_STORE, SHED_EVENT_LOOP_LAG_MS } = config
  const identity = { service: 'gateway', version }
  const tracing = await startTracing(config, { ...identity, log })
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS, tracing })
  const registry = metrics(app, identity)
  const ownMetrics = gatewayMetrics(registry)

  const redis = await connectRedis(config, log)
  const bulkheads = createBulkheads(config, ownMetrics)
  const upstreams = connectUpstreams(config, {
    bulkhead: bulkheads.events,
    metrics: ownMetrics,
    log,
    tracing,
  })
  const { events, payments, notifier, takeBack } = upstreams
  const charges = createCharge(config, {
    payments,
    bulkhead: bulkheads.payments,
    metrics: ownMetrics,
    redis,
    log,
  })
  const { charge, circuitState } = charges
  exportBulkheads(registry, bulkheads)
  exportCircuitState(registry, circuitState)
  exportClockDifferences('gateway', registry, { events, payments })

  await shedLoad(app, SHED_EVENT_LOOP_LAG_MS, ownMetrics.shed)
  const isShared = redis && RATE_LIMIT_STORE === 'redis'
  const rates = isShared ? createRedisRateStore(redis, RATE_LIMIT_RPS, log) : undefined
  limitRate(app, RATE_LIMIT_RPS, ownMetrics.rateLimited, rates)
  passBodiesThrough(app)
  docs(app, {
    title: 'QuickTicket Gateway',
    version,
    description: 'Events, reservations and payments',
    tags: {
      events: 'What is sold, and how to hold tickets of it',
      reservations: 'Tickets that are held for some minutes',
      orders: 'Tickets that are paid',
    },
    problems: RATE_LIMIT_RPS > 0 ? [() => rateLimited('/events', RATE_LIMIT_RPS)] : [],
  })
  probes(app, identity)
  faults(app, config, { service: 'gateway', registry })
  healthRoute(app, { events, payments, notifier, circuitState }, version)
  eventRoutes(app, { events, takeBack })
  reservationRoutes(app, events)
  payRoute(app, { events, charge, notifier, chargeTimeoutMs: GATEWAY_TIMEOUT_MS })

  app.addHook('onClose', async () => {
    await upstreams.close()
    charges.close()
    redis?.disconnect()
  })
  return app
}
