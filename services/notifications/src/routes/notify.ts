import { injectLatency, type OwnFaults } from '@quickticket/faults/own'
import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { Config } from '../config.ts'
import type { NotifyMetrics } from '../metrics.ts'

const AN_ID = '8a6e0804-2bd0-4672-b79d-d97027f9071a'

const Notification = Type.Object(
  {
    event: Type.String({ minLength: 1, maxLength: 128, examples: ['order_confirmed'] }),
    order_id: Type.String({ minLength: 1, maxLength: 128, examples: [AN_ID] }),
  },
  { title: 'Notification' },
)

const Sent = Type.Object(
  {
    status: Type.String({ examples: ['sent'] }),
    event: Type.String({ examples: ['order_confirmed'] }),
    order_id: Type.String({ examples: [AN_ID] }),
  },
  { title: 'Sent' },
)

export interface NotifyDeps extends NotifyMetrics {
  faults: OwnFaults
}

export function notifyRoute(app: App, config: Config, { notified, faults }: NotifyDeps): void {
  const lags = faults.dice('latency', '/notify', config.NOTIFY_LATENCY_MS > 0 ? 1 : 0)
  const fails = faults.dice('status', '/notify', config.NOTIFY_FAILURE_RATE)
  const schema = {
    tags: ['notifications'],
    operationId: 'notify',
    summary: 'Tell the buyer',
    description: 'Repeating it tells the buyer again.',
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
