import type { App } from '@quickticket/kit/app'
import { injectLatency, type OwnFaults } from '@quickticket/kit/faults/own'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { Config } from '../config.ts'
import type { NotifyMetrics } from '../metrics.ts'

const Notification = Type.Object({
  event: Type.String({ minLength: 1, maxLength: 128 }),
  order_id: Type.String({ minLength: 1, maxLength: 128 }),
})

const Sent = Type.Object({ status: Type.String(), event: Type.String(), order_id: Type.String() })

export interface NotifyDeps extends NotifyMetrics {
  faults: OwnFaults
}

export function notifyRoute(app: App, config: Config, { notified, faults }: NotifyDeps): void {
  const lags = faults.dice('latency', '/notify', config.NOTIFY_LATENCY_MS > 0 ? 1 : 0)
  const fails = faults.dice('status', '/notify', config.NOTIFY_FAILURE_RATE)
  const schema = {
    tags: ['notifications'],
    summary: 'Tell the buyer',
    body: Notification,
    response: { 200: Sent },
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
      throw new Problem(500, 'notify_failed', 'Notification failed')
    }
    notified.inc({ result: 'success' })
    log.info({ event, order_id }, 'notification sent')
    return { status: 'sent', event, order_id }
  })
}
