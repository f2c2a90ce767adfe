import { loadConfig } from '@quickticket/kit/config'
import { captureLog } from '@quickticket/testing/captured-log'
import { series } from '@quickticket/testing/series'
import { expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { variables } from '../src/config.ts'

const NOTIFIED = 'notifications_notify_total'

async function notificationsApp(env: Record<string, string> = {}) {
  const logs = captureLog('info', 'notifications')
  const app = await buildApp(loadConfig(variables, env), '1.0.0', logs.log)
  const notify = (payload: object = { event: 'order_confirmed', order_id: 'o-1' }) =>
    app.inject({ method: 'POST', url: '/notify', payload })
  return { app, logs, notify }
}

test('a notification is sent, logged and counted', async () => {
  const { app, logs, notify } = await notificationsApp()
  const answer = await notify()
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({ status: 'sent', event: 'order_confirmed', order_id: 'o-1' })
  expect(logs.lines()).toContainEqual(expect.objectContaining({ msg: 'notification sent', order_id: 'o-1' }))
  expect(await series(app, NOTIFIED)).toEqual({
    [`${NOTIFIED}{result="success"}`]: 1,
    [`${NOTIFIED}{result="failed"}`]: 0,
  })
})

test('health shows the faults that are injected', async () => {
  const { app } = await notificationsApp({ NOTIFY_FAILURE_RATE: '0.5', NOTIFY_LATENCY_MS: '30' })
  expect((await app.inject('/health')).json()).toEqual({
    status: 'healthy',
    failure_rate: 0.5,
    latency_ms: 30,
    version: '1.0.0',
  })
})

test('a failure rate of 1 fails every notification', async () => {
  const { app, logs, notify } = await notificationsApp({ NOTIFY_FAILURE_RATE: '1' })
  for (let i = 0; i < 20; i++) {
    const answer = await notify()
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ error: 'notify_failed', detail: 'Notification failed' })
  }
  expect(logs.lines().filter((line) => line.msg === 'injected failure')).toHaveLength(20)
  expect(await series(app, NOTIFIED)).toEqual({
    [`${NOTIFIED}{result="success"}`]: 0,
    [`${NOTIFIED}{result="failed"}`]: 20,
  })
})

test('the faults of its own variables are in the ground truth too', async () => {
  const { app, notify } = await notificationsApp({ NOTIFY_FAILURE_RATE: '1', NOTIFY_LATENCY_MS: '1' })
  await notify()
  await notify()
  expect(await series(app, 'notifications_fault')).toEqual({
    'notifications_faults_injected_total{fault="latency",path="/notify"}': 2,
    'notifications_faults_injected_total{fault="status",path="/notify"}': 2,
    'notifications_fault_active{fault="latency"}': 1,
    'notifications_fault_active{fault="status"}': 1,
  })
})

test('latency delays notifications and nothing else', async () => {
  const { app, logs, notify } = await notificationsApp({ NOTIFY_LATENCY_MS: '100' })
  const ended: string[] = []
  const slow = notify().then(() => ended.push('notify'))
  expect(await logs.until((line) => line.msg === 'injected latency')).toMatchObject({ latency_ms: 100 })
  await app.inject('/health').then(() => ended.push('health'))
  await slow
  expect(ended).toEqual(['health', 'notify'])
})

test.each([{}, { event: 'a' }, { order_id: 'o' }, { event: 1, order_id: 'o' }, { event: '', order_id: 'o' }])(
  '%j is refused with 400',
  async (payload) => {
    const { app, notify } = await notificationsApp()
    expect((await notify(payload)).json()).toMatchObject({ status: 400, error: 'invalid_body' })
    expect(await series(app, NOTIFIED)).toMatchObject({ [`${NOTIFIED}{result="success"}`]: 0 })
  },
)

test('the routes are documented', async () => {
  const { app } = await notificationsApp()
  expect(Object.keys((await app.inject('/openapi.json')).json().paths)).toContain('/notify')
  expect((await app.inject('/docs')).statusCode).toBe(200)
})
