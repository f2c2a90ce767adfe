import { Counter, type Registry } from '@quickticket/kit/prometheus'

export type NotifyMetrics = ReturnType<typeof notifyMetrics>

export function notifyMetrics(registry: Registry) {
  const notified = new Counter({
    name: 'notifications_notify_total',
    help: 'Notifications by result',
    labelNames: ['result'] as const,
    registers: [registry],
  })
  for (const result of ['success', 'failed'] as const) notified.inc({ result }, 0)
  return { notified }
}
