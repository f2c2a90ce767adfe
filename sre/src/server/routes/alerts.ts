import type { App } from '@quickticket/kit/app'
import { Problem } from '@quickticket/kit/problem'
import type { Received } from '../../alerts/receive.ts'
import { createReceiver } from '../../alerts/receiver.ts'
import { NotAMessage, readMessage } from '../../alerts/webhook.ts'
import { idOf } from '../../incident/incident.ts'
import type { IncidentRules } from '../../incident/rules.ts'
import type { Store } from '../../store/store.ts'
import type { ServerMetrics } from '../metrics.ts'

/** A group of many alerts with long annotations. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024

export interface AlertRoutesDeps {
  store: Store
  rules: IncidentRules
  metrics: ServerMetrics
  now(): number
  /** called when alerts are on the disk; must not throw */
  onReceived(received: Received): void
}

/** POST /alerts: Alertmanager's webhook. It is answered with 200 when all of its alerts are on the disk. */
export function alertsRoute(app: App, { store, rules, metrics, now, onReceived }: AlertRoutesDeps): void {
  const receive = createReceiver({ store, rules, now, onReceived })
  app.post(
    '/alerts',
    { bodyLimit: BODY_LIMIT_BYTES, schema: { tags: ['incidents'] }, errorHandler: sayLimit },
    async ({ body }) => {
      const message = read(body)
      metrics.received(message.alerts)
      const received = await receive(message)
      return { opened: received.opened.map(idOf), changed: received.changed.map(idOf) }
    },
  )
}

/** @throws {Problem} 400 */
function read(body: unknown): ReturnType<typeof readMessage> {
  try {
    return readMessage(body)
  } catch (error) {
    if (error instanceof NotAMessage) throw new Problem(400, 'invalid_alerts', error.message)
    throw error
  }
}

/** The limit of other routes is 64 KiB. */
function sayLimit(error: Error & { code?: string }): never {
  if (error.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') throw error
  throw new Problem(413, 'body_too_large', 'The body is larger than 8 MiB')
}
