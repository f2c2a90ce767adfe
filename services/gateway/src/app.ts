import { createApp } from '@quickticket/kit/app'
import { docs } from '@quickticket/kit/docs'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import { createBreaker } from './breaker.ts'
import type { Config } from './config.ts'
import { createEventsClient } from './events-client.ts'
import { gatewayMetrics } from './metrics.ts'
import { createNotifier } from './notifier.ts'
import { createPaymentsClient, mayPass } from './payments-client.ts'
import { limitRate } from './rate-limit.ts'
import { passBodiesThrough } from './relay.ts'
import { createRetry } from './retry.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoute } from './routes/health.ts'
import { payRoute } from './routes/pay.ts'
import { reservationRoutes } from './routes/reservations.ts'

/** The way in: passes requests on to events and payments, and survives their failures. */
export async function buildApp(config: Config, version: string, log: Log) {
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS })
  const identity = { service: 'gateway', version }
  const counted = gatewayMetrics(metrics(app, identity))
  const chargeTimeoutMs = config.GATEWAY_TIMEOUT_MS

  const events = createEventsClient(config.EVENTS_URL, config.GATEWAY_TIMEOUT_MS)
  const payments = createPaymentsClient(config.PAYMENTS_URL)
  const notifier = config.NOTIFICATIONS_URL
    ? createNotifier(config.NOTIFICATIONS_URL, log, counted.notifications)
    : undefined
  const retry = createRetry({
    attempts: config.RETRY_MAX,
    baseDelayMs: config.RETRY_BASE_DELAY_MS,
    deadlineMs: chargeTimeoutMs,
    isRetryable: mayPass,
    target: 'payments',
    retries: counted.retries,
  })
  const breaker = createBreaker({
    failureThreshold: config.CB_FAILURE_THRESHOLD,
    cooldownMs: config.CB_COOLDOWN_S * 1000,
    isFailure: mayPass,
    transitions: counted.circuitTransitions,
    log,
  })

  limitRate(app, config.RATE_LIMIT_RPS, counted.rateLimited)
  passBodiesThrough(app)
  await docs(app, { title: 'QuickTicket Gateway', version, description: 'Events, reservations and payments' })
  probes(app, identity)
  healthRoute(app, { events, payments, notifier, circuitState: breaker.state }, version)
  eventRoutes(app, events)
  reservationRoutes(app, events)
  payRoute(app, { events, payments, breaker, retry, notifier, chargeTimeoutMs })

  app.addHook('onClose', async () => {
    await notifier?.close()
    breaker.close()
    await Promise.all([events.close(), payments.close()])
  })
  return app
}
