import { loadConfig } from '@quickticket/kit/config'
import { variables } from '@quickticket/notifications/config'
import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'
import { type Clock, withClock } from './clock.ts'
import { rememberLog } from './log.ts'
import { sendOverSocket } from './socket.ts'
import { watch } from './watch.ts'

/** The service as it is with these variables. */
async function serviceOf({ buildApp }: Subjects['notifications'], environment: Record<string, string>) {
  const { log, lines } = rememberLog()
  const app = await buildApp(loadConfig(variables, environment), '1.0.0', log)
  const payload = (orderId: string) => ({ event: 'order_confirmed', order_id: orderId })
  return {
    lines,
    notify: (orderId = 'o-1') => app.inject({ method: 'POST', url: '/notify', payload: payload(orderId) }),
    send: (...requests: string[]) => sendOverSocket(app, requests),
    health: () => app.inject('/health'),
    /** The lines of /metrics that begin like this, and are not 0. */
    async metrics(name: string) {
      const { payload } = await app.inject('/metrics')
      return payload.split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'))
    },
  }
}

type Service = Awaited<ReturnType<typeof serviceOf>>

const requires = (
  words: string,
  environment: Record<string, string>,
  verify: (service: Service, clock: Clock) => Promise<void>,
): Check<Subjects['notifications']> => ({
  requires: words,
  verify: (subject) => withClock(async (clock) => verify(await serviceOf(subject, environment), clock)),
})

const failing = { NOTIFY_FAILURE_RATE: '1' }
const slow = { NOTIFY_LATENCY_MS: '60000' }

export const checks = [
  requires('POST /notify answers 200 and that it was sent', {}, async ({ notify }) => {
    const { statusCode, payload } = await notify()
    expect(statusCode, 'status').toBe(200)
    expect(JSON.parse(payload), 'body').toMatchObject({ status: 'sent' })
  }),
  requires('a line in the log has the order_id', {}, async ({ notify, lines }) => {
    await notify('o-77')
    expect(
      lines().map((line) => line.order_id),
      'order_id of the lines',
    ).toContain('o-77')
  }),
  requires('NOTIFY_FAILURE_RATE=1 answers each with 500', failing, async ({ notify }) => {
    expect((await notify()).statusCode, 'status').toBe(500)
  }),
  requires('NOTIFY_FAILURE_RATE is a share', { NOTIFY_FAILURE_RATE: '0.3' }, async ({ notify }) => {
    let failed = 0
    for (let sent = 0; sent < 200; sent++) if ((await notify()).statusCode === 500) failed++
    expect(failed, 'failures among 200 with 0.3').toBeGreaterThan(20)
    expect(failed, 'failures among 200 with 0.3').toBeLessThan(110)
  }),
  requires('NOTIFY_LATENCY_MS delays each one', slow, async ({ notify }, clock) => {
    const answer = watch(() => notify())
    await clock.pass(59_999)
    expect(answer.state, 'the answer after 59,999 ms of 60,000').toBe('pending')
    await clock.pass(1)
    expect(answer.value?.statusCode, 'the status after 60,000 ms').toBe(200)
  }),
  requires(
    'two at the same time are delayed together, not one after the other',
    slow,
    async ({ notify }, clock) => {
      const answers = [watch(() => notify()), watch(() => notify())]
      await clock.pass(60_000)
      expect(
        answers.map(({ value }) => value?.statusCode),
        'both after 60,000 ms',
      ).toEqual([200, 200])
    },
  ),
  requires('notifications_notify_total counts successes', {}, async ({ notify, metrics }) => {
    await notify()
    await notify()
    const counted = await metrics('notifications_notify_total')
    expect(counted, 'after two').toEqual(['notifications_notify_total{result="success"} 2'])
  }),
  requires('notifications_notify_total counts failures', failing, async ({ notify, metrics }) => {
    await notify()
    const counted = await metrics('notifications_notify_total')
    expect(counted, 'after one that failed').toEqual(['notifications_notify_total{result="failed"} 1'])
  }),
  requires('requests and their duration are in /metrics', {}, async ({ send, metrics }) => {
    await send('POST /notify {"event":"order_confirmed","order_id":"o-1"}')
    const requests = await metrics('notifications_requests_total')
    expect(requests).toEqual(['notifications_requests_total{method="POST",path="/notify",status="200"} 1'])
    const observed = await metrics('notifications_request_duration_seconds_count')
    expect(observed).toEqual(['notifications_request_duration_seconds_count{method="POST",path="/notify"} 1'])
  }),
  requires(
    '/health says what is injected',
    { ...slow, NOTIFY_FAILURE_RATE: '0.3' },
    async ({ health }, clock) => {
      const answer = watch(health)
      await clock.pass(0)
      const injected = { status: 'healthy', failure_rate: 0.3, latency_ms: 60_000 }
      expect(answer.value?.json(), 'body').toMatchObject(injected)
    },
  ),
  requires(
    '/health neither fails nor waits with /notify',
    { ...failing, ...slow },
    async ({ health }, clock) => {
      const answer = watch(health)
      await clock.pass(0)
      expect(answer.value?.statusCode, 'its status at once').toBe(200)
    },
  ),
]
