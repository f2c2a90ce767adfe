import { Problem } from '@quickticket/kit/problem'
import { template } from '@quickticket/kit/route-template'
import type { RateStore, SlidingWindow, Subjects } from '../../lab11/shapes.ts'
import { solve as solveSlidingWindow } from './sliding-window.ts'

const OWN = 'each path has a limit of its own, by its template'
const ROOM = 'a second later there is room again'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'lets everything through': 'requests beyond the limit are answered with 429',
  'never fills up again': ROOM,
  'a new window for each request': 'requests beyond the limit are answered with 429',
  'one window for all paths': OWN,
  'paths as they were sent': OWN,
  'answers 503': 'requests beyond the limit are answered with 429',
  'no Retry-After': 'a 429 says when to come back: Retry-After: 1',
  'says nothing about the limit': 'a 429 is the problem rate_limited, with path and limit_rps',
  'counts nothing': 'each 429 is counted in gateway_rate_limit_rejections_total{path}',
  'counts everything': 'each 429 is counted in gateway_rate_limit_rejections_total{path}',
  'limits probes': '/health, /metrics and probes are never limited',
  'no way to turn it off': 'a limit of 0 turns it off',
}

type Mistake = keyof typeof mistakes

export function solve(mistake?: Mistake): Subjects['rate-limit'] {
  const createRateStore = (limitRps: number) => rateStore(limitRps, mistake)
  return {
    createRateStore,
    limitRate(app, limitRps, rateLimited, store = createRateStore(limitRps)) {
      if (limitRps === 0 && mistake !== 'no way to turn it off') return
      app.addHook('onRequest', async (request) => {
        if (request.routeOptions.config.ops && mistake !== 'limits probes') return
        const path = mistake === 'paths as they were sent' ? request.url : template(request)
        const { admitted } = await store.admit(path)
        if (mistake === 'counts everything' || (!admitted && mistake !== 'counts nothing'))
          rateLimited.inc({ path })
        if (admitted || mistake === 'lets everything through') return
        throw new Problem(mistake === 'answers 503' ? 503 : 429, 'rate_limited', 'Too many requests', {
          details: mistake === 'says nothing about the limit' ? {} : { path, limit_rps: limitRps },
          headers: mistake === 'no Retry-After' ? {} : { 'retry-after': '1' },
        })
      })
    },
  }
}

function rateStore(limitRps: number, mistake?: Mistake): RateStore {
  const { createSlidingWindow } = solveSlidingWindow(mistake === 'never fills up again' ? mistake : undefined)
  const windows = new Map<string, SlidingWindow>()
  return {
    async admit(path) {
      const key = mistake === 'one window for all paths' ? '' : path
      const window = windows.get(key) ?? createSlidingWindow(limitRps)
      if (mistake !== 'a new window for each request') windows.set(key, window)
      return { admitted: window.admit(performance.now()), remaining: window.remaining() }
    },
  }
}
