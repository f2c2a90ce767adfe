import { Counter, type Registry } from 'prom-client'

export type NotifyMetrics = ReturnType<typeof createNotifyMetrics>

export function createNotifyMetrics(registry: Registry) {
  const notified = new Counter({
    name: 'notifications_notify_total',
    help: 'Notifications by result',
    labelNames: ['result'] as const,
    registers: [registry],
  })
  for (const result of ['success', 'failed'] as const) notified.inc({ result }, 0)
  return { notified }
}
