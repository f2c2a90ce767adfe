import { faults } from '@quickticket/faults/faults'
import { createApp } from '@quickticket/kit/app'
import { exportClockDifferences } from '@quickticket/kit/clock-difference'
import { docs } from '@quickticket/kit/docs'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import { redisOptions } from '@quickticket/kit/redis-variables'
import { tokenToSend } from '@quickticket/kit/service-token'
import { createUntilDone } from '@quickticket/kit/until-done'
import { createBreaker } from './breaker.ts'
import { type Bulkhead, createBulkhead } from './bulkhead.ts'
import { type Config, sharesState } from './config.ts'
import { createEventsClient } from './events-client.ts'
import { exportBulkheads, exportCircuitState, type GatewayMetrics, gatewayMetrics } from './metrics.ts'
import { createNotifier } from './notifier.ts'
import { observeBulkhead } from './observed-bulkhead.ts'
import { askedDelayMs, createPaymentsClient, mayPass } from './payments-client.ts'
import { rateLimited } from './problems.ts'
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
import { sendUnnotified } from './unnotified.ts'

/** Events may be away for this long, and still hears of what it missed. */
const GIVE_UP_AFTER_MS = 600_000

/** The way in: passes requests on to events and payments, and survives their failures. */
export async function buildApp(config: Config, version: string, log: Log) {
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS })
  const identity = { service: 'gateway', version }
  const registry = metrics(app, identity)
  const counted = gatewayMetrics(registry)
  const chargeTimeoutMs = config.GATEWAY_TIMEOUT_MS

  const bulkheads = createBulkheads(config, counted)
  exportBulkheads(registry, bulkheads)
  const { events, payments, notifier, notified } = connectUpstreams(config, bulkheads.events, counted, log)
  const takeBacks = createUntilDone({
    work: events.takeBack,
    giveUpAfterMs: GIVE_UP_AFTER_MS,
    name: 'take a reservation back',
    log,
  })
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
  exportClockDifferences('gateway', registry, { events, payments })
  const rates =
    redis && config.RATE_LIMIT_STORE === 'redis'
      ? createRedisRateStore(redis, config.RATE_LIMIT_RPS, log)
      : createRateStore(config.RATE_LIMIT_RPS)

  await shedLoad(app, config.SHED_EVENT_LOOP_LAG_MS, counted.shed)
  limitRate(app, config.RATE_LIMIT_RPS, counted.rateLimited, rates)
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
    problems: config.RATE_LIMIT_RPS > 0 ? [() => rateLimited('/events', config.RATE_LIMIT_RPS)] : [],
  })
  probes(app, identity)
  faults(app, config, { service: 'gateway', registry })
  healthRoute(app, { events, payments, notifier, circuitState: breaker.state }, version)
  eventRoutes(app, { events, takeBack: takeBacks.add })
  reservationRoutes(app, events)
  payRoute(app, {
    events,
    payments,
    bulkhead: bulkheads.payments,
    breaker,
    retry,
    notifier,
    expired: counted.chargesExpired,
    chargeTimeoutMs,
  })

  const stopSending = notifier && sendUnnotified({ events, notifier, log })
  app.addHook('onClose', async () => {
    stopSending?.()
    await notifier?.close()
    await Promise.all([takeBacks.close(), notified.close()])
    breaker.close()
    redis?.disconnect()
    await Promise.all([events.close(), payments.close()])
  })
  return app
}

function createBulkheads(config: Config, { bulkheadRejected }: GatewayMetrics) {
  const paymentWaitMs = Math.min(config.BULKHEAD_PAYMENTS_TIMEOUT_S * 1000, config.GATEWAY_TIMEOUT_MS)
  const bulkhead = (target: string, limit: number, waitMs: number) =>
    observeBulkhead(
      createBulkhead({ target, limit, waitMs, onRejected: () => bulkheadRejected.inc({ target }) }),
    )
  return {
    events: bulkhead('events', config.BULKHEAD_EVENTS_MAX, 0),
    payments: bulkhead('payments', config.BULKHEAD_PAYMENTS_MAX, paymentWaitMs),
  }
}

function connectUpstreams(config: Config, forEvents: Bulkhead, { notifications }: GatewayMetrics, log: Log) {
  const token = tokenToSend(config.SERVICE_TOKEN)
  const events = createEventsClient(config.EVENTS_URL, config.GATEWAY_TIMEOUT_MS, forEvents, token)
  const notified = createUntilDone({
    work: events.notified,
    giveUpAfterMs: GIVE_UP_AFTER_MS,
    name: 'say that an order was notified of',
    log,
  })
  const options = { maxInFlight: config.NOTIFY_MAX_IN_FLIGHT, token, onSent: notified.add }
  return {
    events,
    payments: createPaymentsClient(config.PAYMENTS_URL, token),
    notifier: config.NOTIFICATIONS_URL
      ? createNotifier(config.NOTIFICATIONS_URL, log, notifications, options)
      : undefined,
    notified,
  }
}

/** The client is 13 MB, and few gateways need it. */
async function connectRedis(config: Config, log: Log) {
  const { createRedis } = await import('@quickticket/kit/redis')
  return createRedis(redisOptions(config), log)
}
