import { gatewayApp } from '@quickticket/testing/gateway-app'
import { afterEach, expect, test } from 'vitest'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'

const upstreams: FakeUpstream[] = []
afterEach(() => {
  for (const upstream of upstreams.splice(0)) upstream.close()
})

/** Another service whose /health answers this; 0 means that it is stopped. */
async function serviceWith(status: number): Promise<string> {
  const upstream = await fakeUpstream((_request, response) => send(response, status, {}))
  upstreams.push(upstream)
  if (status === 0) upstream.close()
  return upstream.url
}

async function healthWith(events: number, payments: number, notifications?: number) {
  const { app } = await gatewayApp({
    EVENTS_URL: await serviceWith(events),
    PAYMENTS_URL: await serviceWith(payments),
    ...(notifications !== undefined && { NOTIFICATIONS_URL: await serviceWith(notifications) }),
  })
  const answer = await app.inject('/health')
  return { status: answer.statusCode, body: answer.json() }
}

test('healthy is 200 with what was checked', async () => {
  expect(await healthWith(200, 200)).toEqual({
    status: 200,
    body: {
      status: 'healthy',
      checks: { events: 'ok', payments: 'ok', circuit_payments: 'CLOSED' },
      version: '1.0.0',
    },
  })
})

test.each([
  [0, 200, { events: 'down', payments: 'ok' }],
  [200, 0, { events: 'ok', payments: 'down' }],
  [503, 200, { events: 'degraded', payments: 'ok' }],
  [200, 500, { events: 'ok', payments: 'degraded' }],
  [0, 0, { events: 'down', payments: 'down' }],
])('events %i and payments %i are 503', async (events, payments, checks) => {
  const { status, body } = await healthWith(events, payments)
  expect(status).toBe(503)
  expect(body).toMatchObject({ status: 'degraded', checks })
})

test.each([
  [200, 'ok'],
  [500, 'degraded'],
  [0, 'down'],
])('notifications, when configured, are shown and never decide: %i', async (notifications, result) => {
  const { status, body } = await healthWith(200, 200, notifications)
  expect(status).toBe(200)
  expect(body).toMatchObject({ status: 'healthy', checks: { notifications: result } })
})

test('concurrent health requests lead to two rounds of checks, and no answer is older than its request', async () => {
  let asked = 0
  let status = 200
  const events = await fakeUpstream((_request, response) => {
    asked++
    send(response, status, {})
  })
  upstreams.push(events)
  const { app } = await gatewayApp({ EVENTS_URL: events.url, PAYMENTS_URL: await serviceWith(200) })
  const first = app.inject('/health')
  expect((await first).statusCode).toBe(200)
  status = 503
  const answers = await Promise.all(Array.from({ length: 100 }, () => app.inject('/health')))
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([503]))
  expect(asked).toBe(2)
  await app.close()
})
