import { Counter, Gauge, type Registry } from 'prom-client'
import type { Alert } from '../alerts/alert.ts'
import { listIncidents } from '../incident/incident.ts'
import type { ReopenedStore } from './reopened-store.ts'

export interface ServerMetrics {
  received(alerts: Alert[]): void
}

/** Counters of the server's own; the open incidents are counted when they are scraped. */
export function createServerMetrics(registry: Registry, store: ReopenedStore): ServerMetrics {
  const registers = [registry]
  const alerts = new Counter({
    name: 'sre_alerts_received_total',
    help: 'Alerts that the webhook brought',
    labelNames: ['status'],
    registers,
  })
  new Counter({
    name: 'sre_store_errors_total',
    help: 'Uses of the database that failed',
    registers,
    collect() {
      this.reset()
      this.inc(store.errors())
    },
  })
  for (const status of ['firing', 'resolved']) alerts.inc({ status }, 0)
  new Gauge({
    name: 'sre_incidents_open',
    help: 'Incidents that are not resolved; absent while the database cannot be read',
    labelNames: ['severity'],
    registers,
    collect() {
      this.reset()
      try {
        const open = listIncidents(store, { open: true })
        for (const severity of [1, 2, 3, 4])
          this.set({ severity }, open.filter((incident) => incident.severity === severity).length)
      } catch {
        // sre_store_works says so
      }
    },
  })
  new Gauge({
    name: 'sre_store_works',
    help: '1 while the database can be used',
    registers,
    collect() {
      this.set(store.trouble() === undefined ? 1 : 0)
    },
  })
  return {
    received(given) {
      for (const { endsAt } of given) alerts.inc({ status: endsAt === undefined ? 'firing' : 'resolved' })
    },
  }
}
