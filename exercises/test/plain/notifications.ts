import { setTimeout as delay } from 'node:timers/promises'
import { type App, createApp } from '@quickticket/kit/app'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import type { Config } from '@quickticket/notifications/config'
import { Counter } from 'prom-client'
import type { Subjects } from '../../lab11/shapes.ts'

const HEALTH = '/health neither fails nor waits with /notify'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'says nothing': 'POST /notify answers 200 and that it was sent',
  'logs nothing': 'a line in the log has the order_id',
  'never fails': 'NOTIFY_FAILURE_RATE=1 answers each with 500',
  'fails always or never': 'NOTIFY_FAILURE_RATE is a share',
  'never late': 'NOTIFY_LATENCY_MS delays each one',
  'one after the other': 'two at the same time are delayed together, not one after the other',
  'counts no success': 'notifications_notify_total counts successes',
  'failures are successes': 'notifications_notify_total counts failures',
  'no metrics of requests': 'requests and their duration are in /metrics',
  'health without its numbers': '/health says what is injected',
  'health fails as well': HEALTH,
  'health is late as well': HEALTH,
}

type Mistake = keyof typeof mistakes

export function solve(mistake?: Mistake): Subjects['notifications'] {
  return { buildApp: async (config, version, log) => buildApp(config, version, log, mistake) }
}

function buildApp(config: Config, version: string, log: Log, mistake?: Mistake): App {
  const makes = (other: Mistake) => mistake === other
  const { NOTIFY_FAILURE_RATE: failureRate, NOTIFY_LATENCY_MS: latencyMs } = config
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS })
  const service = makes('no metrics of requests') ? 'payments' : 'notifications'
  const registers = [metrics(app, { service, version })]
  probes(app, { service, version })
  const name = 'notifications_notify_total'
  const notified = new Counter({ name, help: 'Notifications by result', labelNames: ['result'], registers })
  let before: Promise<unknown> = Promise.resolve()

  function late(): Promise<unknown> {
    if (makes('one after the other')) before = before.then(() => delay(latencyMs))
    return makes('one after the other') ? before : delay(latencyMs)
  }

  function fails(): boolean {
    if (makes('fails always or never')) return failureRate > 0
    return Math.random() < failureRate && !makes('never fails')
  }

  app.post<{ Body: { event: string; order_id: string } }>('/notify', async (request, reply) => {
    const { event, order_id } = request.body
    if (latencyMs > 0 && !makes('never late')) await late()
    const failed = fails()
    if (failed ? !makes('failures are successes') : !makes('counts no success'))
      notified.inc({ result: failed ? 'failed' : 'success' })
    if (!makes('logs nothing')) request.log.info({ event, order_id }, 'notification')
    if (failed) return reply.code(500).send({})
    return makes('says nothing') ? {} : { status: 'sent', event, order_id }
  })

  app.get('/health', { config: { ops: true } }, async (_request, reply) => {
    if (makes('health is late as well')) await delay(latencyMs)
    if (makes('health fails as well') && fails()) reply.code(503)
    if (makes('health without its numbers')) return { status: 'healthy' }
    return { status: 'healthy', failure_rate: failureRate, latency_ms: latencyMs }
  })
  return app
}
