import { template } from '@quickticket/kit/outcome'
import { Problem } from '@quickticket/kit/problem'
import type { FastifyInstance } from 'fastify'
import type { GatewayMetrics } from './metrics.ts'

const WINDOW_MS = 1000

/** Answers 429 to what comes on top of `limitRps` requests a second on one path (0: no limit), except to probes. */
export function limitRate(
  app: FastifyInstance,
  limitRps: number,
  rateLimited: GatewayMetrics['rateLimited'],
): void {
  if (limitRps === 0) return
  const windows = new Map<string, SlidingWindow>()

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.ops) return done()
    const path = template(request)
    let window = windows.get(path)
    if (!window) {
      window = createSlidingWindow(limitRps)
      windows.set(path, window)
    }
    if (window.admit(performance.now())) return done()
    rateLimited.inc({ path })
    done(
      new Problem(429, 'rate_limited', `More than ${limitRps} requests per second`, {
        details: { path, limit_rps: limitRps },
        headers: { 'retry-after': '1' },
      }),
    )
  })
}

export interface SlidingWindow {
  /** Whether one more fits into the second before `nowMs`; if so it is counted. */
  admit(nowMs: number): boolean
}

/** Admits at most `limit` in any window of a second: exact, by remembering when the last `limit` were admitted. */
export function createSlidingWindow(limit: number): SlidingWindow {
  const admittedAt = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY)
  let oldest = 0
  return {
    admit(nowMs) {
      if (nowMs - (admittedAt[oldest] as number) < WINDOW_MS) return false
      admittedAt[oldest] = nowMs
      oldest = (oldest + 1) % limit
      return true
    },
  }
}
