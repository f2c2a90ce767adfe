/**
 * Lab 11, 1: a fourth service that tells buyers about their orders. Look at services/payments: it has the same shape.
 *
 * To do:
 * - POST /notify with `{"event": "order_confirmed", "order_id": "…"}` writes a log line that has the order's id as the field
 *   `order_id`, and answers 200 `{"status": "sent", …}`.
 * - It fails on demand: the share NOTIFY_FAILURE_RATE of notifications is answered with 500, and each one takes
 *   NOTIFY_LATENCY_MS longer. Waiting must not hold up anything else.
 * - `notifications_notify_total{result}` counts each of them as `success` or `failed`.
 * - GET /health answers 200 `{"status": "healthy", "failure_rate": …, "latency_ms": …}`, at once and whatever /notify does.
 *
 * Given by `metrics`: GET /metrics, notifications_requests_total, notifications_request_duration_seconds.
 */
import { type App, createApp } from '@quickticket/kit/app'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import type { Config } from '@quickticket/notifications/config'
import { Counter } from 'prom-client'

export async function buildApp(config: Config, version: string, log: Log): Promise<App> {
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS })
  const identity = { service: 'notifications', version }
  const registry = metrics(app, identity)
  probes(app, identity)

  new Counter({
    name: 'notifications_notify_total',
    help: 'Notifications by result',
    labelNames: ['result'],
    registers: [registry],
  })
  // TODO: the routes /notify and /health
  return app
}
