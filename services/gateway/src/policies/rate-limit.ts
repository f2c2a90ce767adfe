import { template } from '@quickticket/kit/route-template'
import type { FastifyInstance } from 'fastify'
import type { GatewayMetrics } from '../metrics.ts'
import { rateLimited as tooMany } from '../problems.ts'
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts'

export interface Admission {
  admitted: boolean
  /** how many more requests the window has room for */
  remaining: number
}

/** Counts the requests of each path, here or for all replicas together. */
export interface RateStore {
  admit(path: string): Promise<Admission>
}

/**
 * Answers 429 to requests beyond `limitRps` a second on one path (0: no limit), except to probes, and sends the headers
 * of draft-ietf-httpapi-ratelimit-headers.
 *
 * @param store replaces the windows in this process
 */
export function limitRate(
  app: FastifyInstance,
  limitRps: number,
  rateLimited: GatewayMetrics['rateLimited'],
  store: RateStore = createRateStore(limitRps),
): void {
  if (limitRps === 0) return
  const policy = `"per-path";q=${limitRps};w=1`

  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.ops) return
    const path = template(request)
    const { admitted, remaining } = await store.admit(path)
    reply.header('ratelimit-policy', policy).header('ratelimit', `"per-path";r=${remaining};t=1`)
    if (admitted) return
    // as for the request itself, only a response that reached the client counts
    reply.raw.once('close', () => reply.raw.writableFinished && rateLimited.inc({ path }))
    throw tooMany(path, limitRps)
  })
}

/** Windows in this process: with several replicas the limit multiplies. */
export function createRateStore(limitRps: number): RateStore {
  const windows = new Map<string, SlidingWindow>()
  return {
    async admit(path) {
      let window = windows.get(path)
      if (!window) {
        window = createSlidingWindow(limitRps)
        windows.set(path, window)
      }
      const admitted = window.admit(performance.now())
      return { admitted, remaining: window.remaining() }
    },
  }
}
