/**
 * Lab 11, 7: a rate limiter in front of all routes, with the window of exercise 6.
 *
 * To do, `createRateStore`: a window of its own for each path.
 *
 * To do, `limitRate`: what does not fit into the window of its path is
 * - answered with 429 and the header `Retry-After: 1`,
 * - as the problem `rate_limited` with the fields `path` and `limit_rps`: throw a `Problem` of @quickticket/kit/problem, which
 *   takes status, code, a sentence, and `{ details, headers }`,
 * - counted in `rateLimited` with the label `path`.
 *
 * Given: `template(request)` is the path with `{id}` in place of numbers and ids. `request.routeOptions.config.ops` is true for
 * /health, /metrics and probes, which are never limited. A limit of 0 turns the limiter off.
 */

import type { RateStore } from '@quickticket/exercises/lab11/shapes'
import type { App } from '@quickticket/kit/app'
import { template } from '@quickticket/kit/route-template'
import type { Counter } from 'prom-client'

export function createRateStore(limitRps: number): RateStore {
  return {
    async admit(_path) {
      // TODO: with createSlidingWindow of ./sliding-window.ts and performance.now()
      return { admitted: true, remaining: limitRps }
    },
  }
}

export function limitRate(
  app: App,
  limitRps: number,
  _rateLimited: Counter<'path'>,
  store: RateStore = createRateStore(limitRps),
): void {
  app.addHook('onRequest', async (request) => {
    await store.admit(template(request))
    // TODO
  })
}
