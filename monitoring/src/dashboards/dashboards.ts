import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { checkout } from './checkout.ts'
import { faults } from './faults.ts'
import { goldenSignals } from './golden-signals.ts'
import { oneRequest } from './one-request.ts'
import { runbooks } from './runbooks.ts'
import { services } from './services.ts'
import { slo } from './slo.ts'

/** Every dashboard, by the name of its file in monitoring/grafana/dashboards. */
export function buildDashboards(): Record<string, Dashboard> {
  return {
    'golden-signals': goldenSignals(),
    slo: slo(),
    services: services(),
    checkout: checkout(),
    faults: faults(),
    runbooks: runbooks(),
  }
}

/** Those that need Loki and Jaeger, by the name of their file in monitoring/grafana/dashboards-observability. */
export function buildObservabilityDashboards(): Record<string, Dashboard> {
  return { 'one-request': oneRequest() }
}
