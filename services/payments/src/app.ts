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
import { createLedger } from './ledger.ts'
import { createChargeMetrics } from './metrics.ts'
import { chargeRoute } from './routes/charge.ts'
import { voidRoute } from './routes/void.ts'

/** A mock payment processor: it moves no money, and fails on demand. */
export async function buildApp(config: Config, version: string, log: Log) {
  const identity = { service: 'payments', version }
  const tracing = await startTracing(config, { ...identity, log })
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS, tracing })
  const registry = metrics(app, identity)
  requireServiceToken(app, config.SERVICE_TOKEN)
  const chargeMetrics = createChargeMetrics(registry)
  const ledger = createLedger()

  docs(app, {
    title: 'QuickTicket Payments',
    version,
    description: 'Mock payment processor with tunable failures',
    tags: { payments: 'Charges, and their return' },
    needsServiceToken: config.SERVICE_TOKEN !== '',
  })
  probes(app, identity)
  const ownFaults = faults(app, config, { service: 'payments', registry })
  healthRoute(
    app,
    { failureRate: config.PAYMENT_FAILURE_RATE, latencyMs: config.PAYMENT_LATENCY_MS },
    version,
  )
  chargeRoute(app, config, { ledger, metrics: chargeMetrics, faults: ownFaults })
  voidRoute(app, ledger, chargeMetrics)
  return app
}
