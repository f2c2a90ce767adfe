import { createUpstream } from '@quickticket/kit/http-client'
import type { Log } from '@quickticket/kit/log'
import type { Trace } from '@quickticket/kit/trace'
import type { GatewayMetrics } from './metrics.ts'

const TIMEOUT_MS = 2000

export interface Notifier {
  /** Sends word of an order and forgets about it: nobody waits, nothing fails. */
  orderConfirmed(orderId: string, trace: Trace): void
  /** the status of /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  /** Waits for what is on its way. */
  close(): Promise<void>
}

export function createNotifier(
  baseUrl: string,
  log: Log,
  notifications: GatewayMetrics['notifications'],
  maxInFlight = 100,
): Notifier {
  const upstream = createUpstream('notifications', baseUrl)
  const inFlight = new Set<Promise<void>>()
  for (const result of ['sent', 'failed', 'dropped'] as const) notifications.inc({ result }, 0)

  async function send(orderId: string, trace: Trace): Promise<void> {
    try {
      const body = { event: 'order_confirmed', order_id: orderId }
      const { status } = await upstream.request({
        method: 'POST',
        path: '/notify',
        trace,
        body,
        timeoutMs: TIMEOUT_MS,
      })
      if (status !== 200) throw new Error(`notifications answered ${status}`)
      notifications.inc({ result: 'sent' })
    } catch (error) {
      notifications.inc({ result: 'failed' })
      const ids = { request_id: trace.requestId, trace_id: trace.traceId }
      log.warn({ ...ids, err: error, order_id: orderId }, 'notify failed (non-critical)')
    }
  }

  return {
    orderConfirmed(orderId, trace) {
      if (inFlight.size >= maxInFlight) return notifications.inc({ result: 'dropped' })
      const sending = send(orderId, trace).finally(() => inFlight.delete(sending))
      inFlight.add(sending)
    },
    async health(timeoutMs, trace) {
      const answer = await upstream.request({ method: 'GET', path: '/health', trace, timeoutMs })
      return answer.status
    },
    async close() {
      await Promise.all(inFlight)
      await upstream.close()
    },
  }
}
