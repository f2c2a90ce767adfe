import { randomUUID } from 'node:crypto'
import type { Log } from '@quickticket/kit/log'
import type { EventsClient } from './events-client.ts'
import type { Notifier } from './notifier.ts'

const LIMIT = 100

/**
 * Sends the notifications of confirmed orders that were not sent: the gateway ended, the answer to the confirmation was lost, or
 * notifications refused. Every order is notified of at least once.
 *
 * @returns a function that stops it
 */
export function sendUnnotified(
  { events, notifier, log }: { events: EventsClient; notifier: Notifier; log: Log },
  everyMs = 5000,
): () => void {
  let isRunning = false

  async function send(): Promise<void> {
    if (isRunning) return
    isRunning = true
    try {
      for (const orderId of await events.takeUnnotified(LIMIT)) {
        const traceId = randomUUID().replaceAll('-', '')
        notifier.orderConfirmed(orderId, { requestId: traceId, traceId, flags: '01' })
      }
    } catch (error) {
      log.debug({ err: error }, 'unnotified orders cannot be asked for')
    } finally {
      isRunning = false
    }
  }

  const timer = setInterval(() => void send(), everyMs)
  return () => clearInterval(timer)
}
