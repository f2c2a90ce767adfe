import { Notification, Sent } from '@quickticket/contract/notification'
import { injectLatency, type ServiceFaults } from '@quickticket/faults/service-faults'
import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import type { Config } from '../config.ts'
import type { NotifyMetrics } from '../metrics.ts'

export interface NotifyDeps extends NotifyMetrics {
  faults: ServiceFaults
}

export function notifyRoute(app: App, config: Config, { notified, faults }: NotifyDeps): void {
  const lags = faults.sampler('latency', '/notify', config.NOTIFY_LATENCY_MS > 0 ? 1 : 0)
  const fails = faults.sampler('status', '/notify', config.NOTIFY_FAILURE_RATE)
  const schema = {
    tags: ['notifications'],
    operationId: 'notify',
    summary: 'Tell the buyer',
    description: 'Repeating it sends the notification again.',
    body: Notification,
    response: { 200: Sent },
    problems: [notifyFailed],
  }
  app.post('/notify', { schema }, async ({ body, log }) => {
    const { event, order_id } = body
    if (lags()) {
      log.info({ order_id, latency_ms: config.NOTIFY_LATENCY_MS }, 'injected latency')
      await injectLatency(config.NOTIFY_LATENCY_MS)
    }
    if (fails()) {
      notified.inc({ result: 'failed' })
      log.warn({ order_id }, 'injected failure')
      throw notifyFailed()
    }
    notified.inc({ result: 'success' })
    log.info({ event, order_id }, 'notification sent')
    return { status: 'sent', event, order_id }
  })
}

function notifyFailed(): Problem {
  return new Problem(500, 'notify_failed', 'Notification failed')
}
