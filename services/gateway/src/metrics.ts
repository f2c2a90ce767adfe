import { MAXIMUM_WINDOW_S } from '@quickticket/kit/sliding-maximum'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { CircuitState } from './policies/breaker.ts'
import type { ObservedBulkhead } from './policies/bulkheads.ts'

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>

export function gatewayMetrics(registry: Registry) {
  const registers = [registry]
  return {
    retries: new Counter({
      name: 'gateway_retry_total',
      help: 'Retries by result: retried, succeeded_after_retry, exhausted, non_retryable',
      labelNames: ['target', 'result'] as const,
      registers,
    }),
    circuitTransitions: new Counter({
      name: 'gateway_circuit_breaker_transitions_total',
      help: 'State changes of the circuit breaker of payments',
      labelNames: ['to'] as const,
      registers,
    }),
    rateLimited: new Counter({
      name: 'gateway_rate_limit_rejections_total',
      help: 'Requests rejected by the rate limit',
      labelNames: ['path'] as const,
      registers,
    }),
    chargesExpired: new Counter({
      name: 'gateway_charges_expired_total',
      help: 'Pays answered 409 because the clock of payments said that the checkout was over: none while clocks agree',
      registers,
    }),
    bulkheadRejected: new Counter({
      name: 'gateway_bulkhead_rejections_total',
      help: 'Calls rejected because the limit of calls in flight was reached',
      labelNames: ['target'] as const,
      registers,
    }),
    shed: new Counter({
      name: 'gateway_shed_total',
      help: 'Requests rejected because the event loop lagged',
      labelNames: ['path'] as const,
      registers,
    }),
    notifications: new Counter({
      name: 'gateway_notifications_total',
      help: 'Notifications by result: sent, failed, dropped',
      labelNames: ['result'] as const,
      registers,
    }),
  }
}

/** One series for each state, so that a rule can wait for one of them. */
export function exportCircuitState(registry: Registry, state: () => CircuitState): void {
  new Gauge({
    name: 'gateway_circuit_breaker_state',
    help: '1 for the current state of the circuit breaker of payments, 0 for the others',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const name of ['CLOSED', 'HALF_OPEN', 'OPEN']) {
        this.set({ state: name.toLowerCase() }, state() === name ? 1 : 0)
      }
    },
  })
}

/** One series for each service, also where there is no limit. */
export function exportBulkheads(registry: Registry, bulkheads: Record<string, ObservedBulkhead>): void {
  new Gauge({
    name: 'gateway_bulkhead_in_flight',
    help: 'Calls to a service in flight; a payment is one call, retries and waits between them included',
    labelNames: ['target'],
    registers: [registry],
    collect() {
      for (const [target, bulkhead] of Object.entries(bulkheads)) this.set({ target }, bulkhead.inFlight())
    },
  })
  new Gauge({
    name: 'gateway_bulkhead_in_flight_max',
    help: `The most calls to a service that were in flight at once in the last ${MAXIMUM_WINDOW_S} s`,
    labelNames: ['target'],
    registers: [registry],
    collect() {
      for (const [target, bulkhead] of Object.entries(bulkheads)) this.set({ target }, bulkhead.inFlightMax())
    },
  })
}
