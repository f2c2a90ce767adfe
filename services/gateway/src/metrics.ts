import { Counter, type Registry } from 'prom-client'

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>

export function gatewayMetrics(registry: Registry) {
  const registers = [registry]
  return {
    retries: new Counter({
      name: 'gateway_retry_total',
      help: 'What retries came to',
      labelNames: ['target', 'result'] as const,
      registers,
    }),
    circuitTransitions: new Counter({
      name: 'gateway_circuit_breaker_transitions_total',
      help: 'Changes of the circuit in front of payments',
      labelNames: ['to'] as const,
      registers,
    }),
    rateLimited: new Counter({
      name: 'gateway_rate_limit_rejections_total',
      help: 'Requests over the limit',
      labelNames: ['path'] as const,
      registers,
    }),
    bulkheadRejected: new Counter({
      name: 'gateway_bulkhead_rejections_total',
      help: 'Calls that were not made because too many were under way',
      labelNames: ['target'] as const,
      registers,
    }),
    shed: new Counter({
      name: 'gateway_shed_total',
      help: 'Requests turned away because the event loop lagged',
      labelNames: ['path'] as const,
      registers,
    }),
    notifications: new Counter({
      name: 'gateway_notifications_total',
      help: 'Notifications by what became of them: sent, failed, dropped',
      labelNames: ['result'] as const,
      registers,
    }),
  }
}
