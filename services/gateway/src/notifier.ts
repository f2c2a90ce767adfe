import type { Notification } from '@quickticket/contract/notification'
import { createUpstream } from '@quickticket/kit/http-client'
import type { Log } from '@quickticket/kit/log'
import { NO_TOKEN } from '@quickticket/kit/service-token'
import type { Trace } from '@quickticket/kit/trace'
import { checkAnswer } from '@quickticket/kit/upstream-answer'
import type { GatewayMetrics } from './metrics.ts'

const TIMEOUT_MS = 2000

export interface Notifier {
  /** Sends a notification of an order, fire-and-forget: it never rejects and delays no request. */
  orderConfirmed(orderId: string, trace: Trace): void
  /** the status of /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  /** Waits for the notifications in flight. */
  close(): Promise<void>
}

export interface NotifierOptions {
  /** more are dropped: the outbox of events has them */
  maxInFlight?: number
  token?: string | undefined
  onSent?: (orderId: string) => void
}

export function createNotifier(
  baseUrl: string,
  log: Log,
  notifications: GatewayMetrics['notifications'],
  { maxInFlight = 100, token, onSent }: NotifierOptions = {},
): Notifier {
  const upstream = createUpstream('notifications', baseUrl, { token })
  const inFlight = new Set<Promise<void>>()
  for (const result of ['sent', 'failed', 'dropped'] as const) notifications.inc({ result }, 0)

  async function send(orderId: string, trace: Trace): Promise<void> {
    try {
      const body: Notification = { event: 'order_confirmed', order_id: orderId }
      const answer = await upstream.request({
        method: 'POST',
        path: '/notify',
        trace,
        body,
        timeoutMs: TIMEOUT_MS,
      })
      const { status } = checkAnswer('notifications', answer)
      if (status !== 200) throw new Error(`notifications answered ${status}`)
      notifications.inc({ result: 'sent' })
      onSent?.(orderId)
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
      const headers = token === undefined ? NO_TOKEN : {}
      const answer = await upstream.request({ method: 'GET', path: '/health', trace, headers, timeoutMs })
      return answer.status
    },
    async close() {
      await Promise.all(inFlight)
      await upstream.close()
    },
  }
}
