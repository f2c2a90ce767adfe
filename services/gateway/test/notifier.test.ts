import { captureLog } from '@quickticket/testing/captured-log'
import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { gatewayMetrics } from '../src/metrics.ts'
import { createNotifier } from '../src/notifier.ts'
import { counted } from './counted.ts'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'

const trace = { requestId: 'r-1', traceId: 'a'.repeat(32), flags: '01' }
const upstreams: FakeUpstream[] = []
afterEach(() => {
  for (const upstream of upstreams.splice(0)) upstream.close()
})

async function notifierTo(answer: Parameters<typeof fakeUpstream>[0]) {
  const upstream = await fakeUpstream(answer)
  upstreams.push(upstream)
  return { upstream, ...notifierAt(upstream.url) }
}

function notifierAt(url: string) {
  const { notifications } = gatewayMetrics(new Registry())
  const captured = captureLog()
  return {
    notifier: createNotifier(url, captured.log, notifications),
    captured,
    results: () => counted(notifications, 'result'),
  }
}

test('a notification carries the trace of its request', async () => {
  const { notifier, upstream, results } = await notifierTo((_request, response) => send(response, 200, {}))
  notifier.orderConfirmed('o-1', trace)
  await notifier.close()
  expect(upstream.requests).toEqual([
    {
      method: 'POST',
      path: '/notify',
      headers: expect.objectContaining({
        'x-request-id': 'r-1',
        traceparent: expect.stringContaining(trace.traceId),
        'content-type': 'application/json',
      }),
      body: { event: 'order_confirmed', order_id: 'o-1' },
    },
  ])
  expect(await results()).toEqual({ sent: 1 })
})

test('a notification delays nothing but close()', async () => {
  const answers: (() => void)[] = []
  const { notifier, upstream, results } = await notifierTo((_request, response) => {
    answers.push(() => send(response, 200, {}))
  })
  notifier.orderConfirmed('o-1', trace)
  expect(await results()).toEqual({})
  await upstream.asked()

  let closed = false
  const closing = notifier.close().then(() => {
    closed = true
  })
  await new Promise(setImmediate)
  expect(closed).toBe(false)
  for (const answer of answers) answer()
  await closing
  expect(await results()).toEqual({ sent: 1 })
})

test('a notification that fails is counted, logged with its request, and forgotten', async () => {
  const { notifier, captured, results } = await notifierTo((_request, response) => send(response, 500, {}))
  notifier.orderConfirmed('o-1', trace)
  await notifier.close()
  expect(await results()).toEqual({ failed: 1 })
  expect(captured.lines()).toEqual([
    expect.objectContaining({
      level: 'WARNING',
      msg: 'notify failed (non-critical)',
      order_id: 'o-1',
      request_id: 'r-1',
      trace_id: trace.traceId,
    }),
  ])
})

test('an unreachable service is no error of the shop', async () => {
  const { upstream } = await notifierTo(() => {})
  upstream.close()
  const { notifier, results } = notifierAt(upstream.url)
  notifier.orderConfirmed('o-1', trace)
  await notifier.close()
  expect(await results()).toEqual({ failed: 1 })
})

test('each notification is counted by its own outcome', async () => {
  const { notifier, upstream, results } = await notifierTo(({ body }, response) =>
    send(response, (body as { order_id: string }).order_id === 'o-3' ? 503 : 200, {}),
  )
  for (const id of ['o-1', 'o-2', 'o-3', 'o-4']) notifier.orderConfirmed(id, trace)
  await notifier.close()
  expect(upstream.requests).toHaveLength(4)
  expect(await results()).toEqual({ sent: 3, failed: 1 })
})
