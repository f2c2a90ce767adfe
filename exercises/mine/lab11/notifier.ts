/**
 * Lab 11, 2: the gateway tells the notifications service about an order, fire-and-forget.
 *
 * To do:
 * - `orderConfirmed` sends POST /notify with `{"event": "order_confirmed", "order_id": …}` and returns at once, with nothing to
 *   wait for. It never throws, and leaves no promise behind whose rejection is not handled.
 * - A notification has 2 s. What is not answered in time, not answered at all, or not answered with 200 has failed: log a
 *   warning `notify failed (non-critical)` with the field `order_id`.
 * - `notifications` counts each one by its `result`: `sent`, `failed`, or `dropped`.
 * - At most `maxInFlight` are in flight. Further ones are dropped, because an unbounded queue is a memory leak.
 * - `close` waits for those in flight: the process is about to end.
 *
 * Given: `upstream.request` sends one request and rejects without an answer; it takes `timeoutMs`.
 */

import type { Notifier } from '@quickticket/exercises/lab11/shapes'
import { createUpstream } from '@quickticket/kit/http-client'
import type { Log } from '@quickticket/kit/log'
import type { Counter } from 'prom-client'

export function createNotifier(
  baseUrl: string,
  _log: Log,
  _notifications: Counter<'result'>,
  _maxInFlight = 100,
): Notifier {
  const upstream = createUpstream('notifications', baseUrl)
  return {
    orderConfirmed(_orderId, _trace) {
      // TODO
    },
    async health(timeoutMs, trace) {
      const answer = await upstream.request({ method: 'GET', path: '/health', trace, timeoutMs })
      return answer.status
    },
    async close() {
      // TODO: first wait for those in flight
      await upstream.close()
    },
  }
}
