import { gatewayApp } from '@quickticket/testing/gateway-app'
import { listen } from '@quickticket/testing/raw-http'
import { series } from '@quickticket/testing/series'
import { afterEach, expect, test } from 'vitest'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'

const upstreams: FakeUpstream[] = []
afterEach(() => {
  for (const upstream of upstreams.splice(0)) upstream.close()
})

test('when the event loop lags, reads are rejected before payments, and probes never', async () => {
  const events = await fakeUpstream((_request, response) => send(response, 404, {}))
  upstreams.push(events)
  const { app } = await gatewayApp({ EVENTS_URL: events.url, SHED_EVENT_LOOP_LAG_MS: '600' })
  await listen(app)
  // the start itself may have taken long
  await expect.poll(async () => (await app.inject('/events')).statusCode, { timeout: 10_000 }).toBe(404)

  const stalls = keepStalling(800)
  const [list, pay, probe] = await Promise.all([
    untilShed(() => app.inject('/events')),
    app.inject({ method: 'POST', url: '/reserve/a/pay' }),
    app.inject('/livez'),
  ])
  clearImmediate(stalls.next)

  expect(list).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
  expect(list?.json()).toMatchObject({ error: 'overloaded' })
  expect(pay.statusCode).toBe(404)
  expect(probe.statusCode).toBe(200)
  expect(Object.keys(await series(app, 'gateway_shed_total'))).toEqual(['gateway_shed_total{path="/events"}'])
  await app.close()
})

/** One stall alone is lost in the mean over the sampling interval. */
function keepStalling(ms: number): { next: NodeJS.Immediate } {
  const stalls = { next: setImmediate(stall) }
  function stall() {
    const until = performance.now() + ms
    while (performance.now() < until);
    stalls.next = setImmediate(stall)
  }
  return stalls
}

/** The lag is measured a little after it happened. */
async function untilShed<Answer extends { statusCode: number }>(
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const answer = await ask()
    if (answer.statusCode === 503) return answer
  }
  return undefined
}
