import { faults } from '@quickticket/faults/faults'
import { healthRoute } from '@quickticket/faults/health-route'
import { createApp } from '@quickticket/kit/app'
import { docs } from '@quickticket/kit/docs'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import { requireServiceToken } from '@quickticket/kit/service-token'
import { startTracing } from '@quickticket/kit/tracing/tracing'
import type { Config } from './config.ts'
import { createNotifyMetrics } from './metrics.ts'
import { notifyRoute } from './routes/notify.ts'

/** Tells buyers about their orders, by a log line. */
export async function buildApp(config: Config, version: string, log: Log) {
  const identity = { service: 'notifications', version }
  const tracing = await startTracing(config, { ...identity, log })
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS, tracing })
  const registry = metrics(app, identity)
  requireServiceToken(app, config.SERVICE_TOKEN)
  const notifyMetrics = createNotifyMetrics(registry)

  docs(app, {
    title: 'QuickTicket Notifications',
    version,
    description: 'Mock notification sender with tunable failures',
    tags: { notifications: 'Word for buyers' },
    needsServiceToken: config.SERVICE_TOKEN !== '',
  })
  probes(app, identity)
  const ownFaults = faults(app, config, { service: 'notifications', registry })
  healthRoute(app, { failureRate: config.NOTIFY_FAILURE_RATE, latencyMs: config.NOTIFY_LATENCY_MS }, version)
  notifyRoute(app, config, { ...notifyMetrics, faults: ownFaults })
  return app
}
