import { gatewayApp } from '@quickticket/testing/gateway-app'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { listen } from '@quickticket/testing/raw-http'
import { counted } from '@quickticket/testing/series'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSlidingWindow } from '../src/policies/sliding-window.ts'
import { fakeUpstream, send } from './fake-upstream.ts'

test('no second has more than the limit, and requests within it are admitted', () => {
  const arrivals = fc.array(fc.oneof(fc.nat(20), fc.nat(400), fc.constantFrom(0, 999, 1000, 1001)), {
    maxLength: 300,
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), arrivals, (limit, gapsMs) => {
      const window = createSlidingWindow(limit)
      const admitted: number[] = []
      let now = 0
      for (const gap of gapsMs) {
        now += gap
        const inTheLastSecond = admitted.filter((at) => now - at < 1000).length
        const fits = inTheLastSecond < limit
        expect(window.admit(now)).toBe(fits)
        if (fits) admitted.push(now)
      }
      for (const start of admitted) {
        expect(admitted.filter((at) => at >= start && at < start + 1000).length).toBeLessThanOrEqual(limit)
      }
    }),
    { numRuns: 500 },
  )
})

test('a burst at the end of one second and the start of the next is no way around the limit', () => {
  const window = createSlidingWindow(3)
  expect([900, 950, 999, 1000, 1500, 1899].map((at) => window.admit(at))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  expect([1900, 1901, 1950].map((at) => window.admit(at))).toEqual([true, false, true])
})

const upstreams: { close(): void }[] = []

// the clock stands still unless a test moves it
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
  for (const upstream of upstreams.splice(0)) upstream.close()
})

async function limitedGateway(RATE_LIMIT_RPS: string) {
  const events = await fakeUpstream((_request, response) => send(response, 200, []))
  upstreams.push(events)
  const { app } = await gatewayApp({ RATE_LIMIT_RPS, EVENTS_URL: events.url, PAYMENTS_URL: events.url })
  return { app, statusOf: async (url: string) => (await app.inject(url)).statusCode }
}

test('requests beyond the limit get 429 with Retry-After', async () => {
  const { app, statusOf } = await limitedGateway('3')
  for (let i = 0; i < 3; i++) expect(await statusOf('/events')).toBe(200)
  const answer = await app.inject('/events?again')
  expect(answer.statusCode).toBe(429)
  expect(answer.headers['retry-after']).toBe('1')
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.json()).toMatchObject({ error: 'rate_limited', path: '/events', limit_rps: 3, status: 429 })

  vi.advanceTimersByTime(999)
  expect(await statusOf('/events')).toBe(429)
  vi.advanceTimersByTime(1)
  expect(await statusOf('/events')).toBe(200)
})

test('each 429 is counted once as a request and once as a rejection', async () => {
  const { app } = await limitedGateway('2')
  const outcomes = collectOutcomes(app)
  const { url } = await listen(app)
  for (let i = 0; i < 5; i++) await (await fetch(`${url}/events`)).arrayBuffer()
  await outcomes.until(5)
  const rejections = 'gateway_rate_limit_rejections_total{path="/events"}'
  await vi.waitFor(async () => expect(await counted(app, rejections)).toEqual({ [rejections]: 3 }))
  expect(await counted(app, 'gateway_requests_total')).toEqual({
    'gateway_requests_total{method="GET",path="/events",status="200"}': 2,
    'gateway_requests_total{method="GET",path="/events",status="429"}': 3,
  })
  app.draining = true
  await app.close()
})

test('each path has a limit of its own, by its template', async () => {
  const { statusOf } = await limitedGateway('2')
  expect(await statusOf('/events/1')).toBe(200)
  expect(await statusOf('/events/2')).toBe(200)
  expect(await statusOf('/events/3')).toBe(429)
  expect(await statusOf('/events')).toBe(200)
})

test('unknown paths share one limit', async () => {
  const { statusOf } = await limitedGateway('2')
  expect([await statusOf('/a'), await statusOf('/b'), await statusOf('/c')]).toEqual([404, 404, 429])
})

test('health, metrics and probes are never limited', async () => {
  const { statusOf } = await limitedGateway('1')
  for (let i = 0; i < 5; i++) {
    for (const url of ['/health', '/metrics', '/livez', '/readyz', '/version'])
      expect(await statusOf(url)).toBe(200)
  }
})

test('0 is no limit', async () => {
  const { statusOf } = await limitedGateway('0')
  for (let i = 0; i < 50; i++) expect(await statusOf('/events')).toBe(200)
})
