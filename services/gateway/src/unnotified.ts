import type { Log } from '@quickticket/kit/log'
import { inBackground, type Tracing } from '@quickticket/kit/tracing/tracing'
import type { EventsClient } from './events-client.ts'
import type { Notifier } from './notifier.ts'

const LIMIT = 100

export interface UnnotifiedDeps {
  events: EventsClient
  notifier: Notifier
  log: Log
  tracing?: Tracing | undefined
}

/**
 * Sends the notifications of confirmed orders that were not sent: the gateway ended, the answer to the confirmation was lost, or
 * notifications refused. Every order is notified of at least once.
 *
 * @returns a function that stops it
 */
export function sendUnnotified(
  { events, notifier, log, tracing }: UnnotifiedDeps,
  everyMs = 5000,
): () => void {
  let isRunning = false

  async function send(): Promise<void> {
    if (isRunning) return
    isRunning = true
    try {
      for (const orderId of await events.takeUnnotified(LIMIT)) {
        await inBackground(tracing, 'send due notification', async (trace) =>
          notifier.orderConfirmed(orderId, trace),
        )
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
