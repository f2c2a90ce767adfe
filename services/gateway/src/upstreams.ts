import type { Log } from '@quickticket/kit/log'
import { redisOptions } from '@quickticket/kit/redis-variables'
import { createRetryQueue } from '@quickticket/kit/retry-queue'
import { tokenToSend } from '@quickticket/kit/service-token'
import { inBackground, type Tracing } from '@quickticket/kit/tracing/tracing'
import { type Config, sharesState } from './config.ts'
import { createEventsClient } from './events-client.ts'
import type { GatewayMetrics } from './metrics.ts'
import { createNotifier } from './notifier.ts'
import { createPaymentsClient } from './payments-client.ts'
import type { Bulkhead } from './policies/bulkhead.ts'
import { sendUnnotified } from './unnotified.ts'

/** How long work for events is retried while events is down. */
const GIVE_UP_AFTER_MS = 600_000

export interface UpstreamDeps {
  bulkhead: Bulkhead
  metrics: GatewayMetrics
  log: Log
  tracing: Tracing | undefined
}

/** The clients of the other services, and the work for them that goes on in the background. */
export function connectUpstreams(config: Config, { bulkhead, metrics, log, tracing }: UpstreamDeps) {
  const token = tokenToSend(config.SERVICE_TOKEN)
  const events = createEventsClient(config.EVENTS_URL, config.GATEWAY_TIMEOUT_MS, bulkhead, token)
  const payments = createPaymentsClient(config.PAYMENTS_URL, token)
  const queue = (name: string, work: (ids: string[]) => Promise<void>) =>
    createRetryQueue({
      work: (ids) => inBackground(tracing, name, () => work(ids)),
      giveUpAfterMs: GIVE_UP_AFTER_MS,
      name,
      log,
    })
  const takeBacks = queue('take a reservation back', events.takeBack)
  const notified = queue('say that an order was notified of', events.notified)
  const notifier = config.NOTIFICATIONS_URL
    ? createNotifier(config.NOTIFICATIONS_URL, log, metrics.notifications, {
        maxInFlight: config.NOTIFY_MAX_IN_FLIGHT,
        token,
        onSent: notified.add,
      })
    : undefined
  const stopSending = notifier && sendUnnotified({ events, notifier, log, tracing })

  return {
    events,
    payments,
    notifier,
    takeBack: takeBacks.add,
    async close() {
      stopSending?.()
      await notifier?.close()
      await Promise.all([takeBacks.close(), notified.close()])
      await Promise.all([events.close(), payments.close()])
    },
  }
}

/** Loads the client only when it is needed: it takes 13 MB. */
export async function connectRedis(config: Config, log: Log) {
  if (!sharesState(config)) return undefined
  const { createRedis } = await import('@quickticket/kit/redis')
  return createRedis(redisOptions(config), log)
}
