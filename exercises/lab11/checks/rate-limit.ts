import { createApp } from '@quickticket/kit/app'
import { probes } from '@quickticket/kit/health'
import { metrics } from '@quickticket/kit/metrics'
import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'
import { type Clock, withClock } from './clock.ts'
import { countBy } from './counted.ts'
import { rememberLog } from './log.ts'
import { sendOverSocket } from './socket.ts'

/** A small gateway behind the limiter. */
function limited({ limitRate }: Subjects['rate-limit'], limitRps: number) {
  const app = createApp({ log: rememberLog().log, maxConcurrentRequests: 0 })
  const { counter, values } = countBy('path')
  metrics(app, { service: 'gateway', version: '1.0.0' })
  limitRate(app, limitRps, counter)
  probes(app, { service: 'gateway', version: '1.0.0' })
  app.get('/health', { config: { ops: true } }, async () => ({}))
  app.get('/events', async () => [])
  app.get('/events/:id', async () => ({}))
  return {
    ask: (url: string) => app.inject(url),
    async statuses(...urls: string[]) {
      const statuses: number[] = []
      for (const url of urls) statuses.push((await app.inject(url)).statusCode)
      return statuses
    },
    send: (...requests: string[]) => sendOverSocket(app, requests),
    rejections: values,
  }
}

type Limited = ReturnType<typeof limited>

const requires = (
  words: string,
  limitRps: number,
  verify: (gateway: Limited, clock: Clock) => Promise<void>,
): Check<Subjects['rate-limit']> => ({
  requires: words,
  verify: (subject) => withClock((clock) => verify(limited(subject, limitRps), clock)),
})

export const checks = [
  requires('requests beyond the limit are answered with 429', 2, async ({ statuses }) => {
    expect(await statuses('/events', '/events', '/events'), 'three with a limit of 2').toEqual([
      200, 200, 429,
    ])
  }),
  requires('a second later there is room again', 1, async ({ statuses }, clock) => {
    expect(await statuses('/events', '/events'), 'two with a limit of 1').toEqual([200, 429])
    await clock.pass(1001)
    expect(await statuses('/events', '/events'), 'two more').toEqual([200, 429])
  }),
  requires('a 429 says when to come back: Retry-After: 1', 1, async ({ ask }) => {
    await ask('/events')
    expect((await ask('/events')).headers['retry-after'], 'Retry-After').toBe('1')
  }),
  requires('a 429 is the problem rate_limited, with path and limit_rps', 1, async ({ ask }) => {
    await ask('/events')
    const problem = { error: 'rate_limited', path: '/events', limit_rps: 1 }
    expect((await ask('/events?again')).json(), 'the body').toMatchObject(problem)
  }),
  requires('each 429 is counted in gateway_rate_limit_rejections_total{path}', 1, async (gateway) => {
    await gateway.send('GET /events', 'GET /events', 'GET /events', 'GET /events/1', 'GET /events/2')
    expect(await gateway.rejections(), 'rejections').toEqual({ '/events': 2, '/events/{id}': 1 })
  }),
  requires('each path has a limit of its own, by its template', 1, async ({ statuses }) => {
    const seen = await statuses('/events', '/events/1', '/events/2')
    expect(seen, '/events, /events/1, /events/2').toEqual([200, 200, 429])
  }),
  requires('/health, /metrics and probes are never limited', 1, async ({ statuses }) => {
    for (const url of ['/health', '/metrics', '/livez', '/readyz'])
      expect(await statuses(url, url, url), url).toEqual([200, 200, 200])
  }),
  requires('a limit of 0 turns it off', 0, async ({ statuses }) => {
    const seen = await statuses(...Array.from({ length: 20 }, () => '/events'))
    expect(new Set(seen), 'answers to 20').toEqual(new Set([200]))
  }),
]
