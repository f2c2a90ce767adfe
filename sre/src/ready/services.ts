import type { Prometheus } from '../prometheus.ts'
import { CannotTell, UsageError } from '../verb.ts'
import type { Workload } from './system/workload.ts'

export const SERVICES = ['gateway', 'events', 'payments', 'notifications']

const STORES = ['postgres', 'redis']

/**
 * The services that the review is about. notifications is optional: it is one where Prometheus has seen it, or the gateway calls it.
 *
 * @throws {UsageError} when there is none of this name
 */
export async function chooseServices(prometheus: Prometheus, only?: string): Promise<string[]> {
  if (only !== undefined) {
    if (SERVICES.includes(only)) return [only]
    throw new UsageError(`"${only}" is no service: ${SERVICES.join(', ')}`)
  }
  const seen = await prometheus
    .query('group(gateway_notifications_total or last_over_time(up{job="notifications"}[1h]))')
    .catch(() => [])
  return SERVICES.filter((service) => service !== 'notifications' || seen.length > 0)
}

/**
 * The workloads of services.
 *
 * @throws {CannotTell} when one of them does not run
 */
export function ofServices(workloads: Workload[], services: string[]): Workload[] {
  const missing = services.filter((name) => !workloads.some(({ service }) => service === name))
  if (missing.length > 0) {
    const running = workloads.map(({ service }) => service).join(', ')
    throw new CannotTell(`${missing.join(', ')}: not running`, `what runs: ${running}`)
  }
  return workloads.filter(({ service }) => services.includes(service))
}

/** Those of services and, when the review is about more than one service, of their stores. */
export function ofProduct(workloads: Workload[], services: string[]): Workload[] {
  const stores = services.length > 1 ? workloads.filter(({ service }) => STORES.includes(service)) : []
  return [...ofServices(workloads, services), ...stores]
}
