import type { FastifyInstance } from 'fastify'
import { unavailable } from './problem.ts'

/** Answers 503 to what comes on top of `limit` requests in flight (0: no limit). Probes always get through. */
export function limitConcurrency(app: FastifyInstance, limit: number): void {
  if (limit === 0) return
  let inFlight = 0
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.ops) return done()
    if (inFlight >= limit) return done(unavailable('overloaded', `More than ${limit} requests are in flight`))
    inFlight++
    reply.raw.once('close', () => {
      inFlight--
    })
    done()
  })
}
