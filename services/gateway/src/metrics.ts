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
    notifications: new Counter({
      name: 'gateway_notifications_total',
      help: 'Notifications that were sent off, by what became of them',
      labelNames: ['result'] as const,
      registers,
    }),
  }
}
