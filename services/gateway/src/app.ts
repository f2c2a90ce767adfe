import { createApp } from '@quickticket/kit/app'
import { docs } from '@quickticket/kit/docs'
import { faults } from '@quickticket/kit/faults/faults'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import { createBreaker } from './breaker.ts'
import { type Bulkhead, createBulkhead } from './bulkhead.ts'
import { type Config, sharesState } from './config.ts'
import { createEventsClient } from './events-client.ts'
import { exportBulkheads, exportCircuitState, type GatewayMetrics, gatewayMetrics } from './metrics.ts'
import { createNotifier } from './notifier.ts'
import { askedDelayMs, createPaymentsClient, mayPass } from './payments-client.ts'
import { createRateStore, limitRate } from './rate-limit.ts'
import { createRedisRateStore } from './redis-rate-store.ts'
import { passBodiesThrough } from './relay.ts'
import { createRetry } from './retry.ts'
import { createRetryBudget } from './retry-budget.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoute } from './routes/health.ts'
import { payRoute } from './routes/pay.ts'
import { reservationRoutes } from './routes/reservations.ts'
import { createSharedCircuit } from './shared-circuit.ts'
import { shedLoad } from './shedding.ts'

/** The way in: passes requests on to events and payments, and survives their failures. */
export async function buildApp(config: Config, version: string, log: Log) {
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS })
  const identity = { service: 'gateway', version }
  const registry = metrics(app, identity)
  const counted = gatewayMetrics(registry)
  const chargeTimeoutMs = config.GATEWAY_TIMEOUT_MS

  const bulkheads = createBulkheads(config, counted)
  exportBulkheads(registry, bulkheads)
  const { events, payments, notifier } = connectUpstreams(config, bulkheads.events, counted, log)
  const redis = sharesState(config) ? await connectRedis(config, log) : undefined
  const retry = createRetry({
    attempts: config.RETRY_MAX,
    baseDelayMs: config.RETRY_BASE_DELAY_MS,
    deadlineMs: chargeTimeoutMs,
    isRetryable: mayPass,
    askedDelayMs,
    budget: config.RETRY_BUDGET_PERCENT > 0 ? createRetryBudget(config.RETRY_BUDGET_PERCENT) : undefined,
    target: 'payments',
    retries: counted.retries,
  })
  const breaker = createBreaker({
    failureThreshold: config.CB_FAILURE_THRESHOLD,
    cooldownMs: config.CB_COOLDOWN_S * 1000,
    isFailure: mayPass,
    transitions: counted.circuitTransitions,
    log,
    shared: redis && config.CB_STORE === 'redis' ? createSharedCircuit(redis, log) : undefined,
  })
  exportCircuitState(registry, breaker.state)
  const rates =
    redis && config.RATE_LIMIT_STORE === 'redis'
      ? createRedisRateStore(redis, config.RATE_LIMIT_RPS, log)
      : createRateStore(config.RATE_LIMIT_RPS)

  await shedLoad(app, config.SHED_EVENT_LOOP_LAG_MS, counted.shed)
  limitRate(app, config.RATE_LIMIT_RPS, counted.rateLimited, rates)
  passBodiesThrough(app)
  docs(app, { title: 'QuickTicket Gateway', version, description: 'Events, reservations and payments' })
  probes(app, identity)
  faults(app, config, { service: 'gateway', registry })
  healthRoute(app, { events, payments, notifier, circuitState: breaker.state }, version)
  eventRoutes(app, events)
  reservationRoutes(app, events)
  payRoute(app, { events, payments, bulkhead: bulkheads.payments, breaker, retry, notifier, chargeTimeoutMs })

  app.addHook('onClose', async () => {
    await notifier?.close()
    breaker.close()
    redis?.disconnect()
    await Promise.all([events.close(), payments.close()])
  })
  return app
}

function createBulkheads(config: Config, { bulkheadRejected }: GatewayMetrics) {
  const paymentWaitMs = Math.min(config.BULKHEAD_PAYMENTS_TIMEOUT_S * 1000, config.GATEWAY_TIMEOUT_MS)
  const bulkhead = (target: string, limit: number, waitMs: number) =>
    createBulkhead({ target, limit, waitMs, onRejected: () => bulkheadRejected.inc({ target }) })
  return {
    events: bulkhead('events', config.BULKHEAD_EVENTS_MAX, 0),
    payments: bulkhead('payments', config.BULKHEAD_PAYMENTS_MAX, paymentWaitMs),
  }
}

function connectUpstreams(config: Config, forEvents: Bulkhead, { notifications }: GatewayMetrics, log: Log) {
  return {
    events: createEventsClient(config.EVENTS_URL, config.GATEWAY_TIMEOUT_MS, forEvents),
    payments: createPaymentsClient(config.PAYMENTS_URL),
    notifier: config.NOTIFICATIONS_URL
      ? createNotifier(config.NOTIFICATIONS_URL, log, notifications, config.NOTIFY_MAX_IN_FLIGHT)
      : undefined,
  }
}

/** The client is 13 MB, and few gateways need it. */
async function connectRedis(
  { REDIS_HOST: host, REDIS_PORT: port, REDIS_TIMEOUT_MS: timeoutMs }: Config,
  log: Log,
) {
  const { createRedis } = await import('@quickticket/kit/redis')
  return createRedis({ host, port, timeoutMs }, log)
}
