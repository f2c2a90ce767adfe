import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Problem, unavailable } from './problem.ts'

/**
 * Answers 503 to requests above `limit` in flight (0: no limit). A request counts from the moment when its body has arrived:
 * otherwise clients that send theirs slowly, or not at all, would take all places. Probes are never rejected.
 */
export function limitConcurrency(app: FastifyInstance, limit: number): void {
  if (limit === 0) return
  const arriving = new Set<FastifyRequest>()
  const inFlight = new Set<FastifyRequest>()

  function isFull(): boolean {
    if (inFlight.size + arriving.size >= limit) arriving.forEach(enterIfArrived)
    return inFlight.size >= limit
  }

  function enterIfArrived(request: FastifyRequest): void {
    if (request.raw.complete) enter(request)
  }

  function enter(request: FastifyRequest): void {
    arriving.delete(request)
    inFlight.add(request)
  }

  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.ops) return done()
    if (isFull()) return done(overloaded(limit))
    arriving.add(request)
    reply.raw.once('close', () => {
      arriving.delete(request)
      inFlight.delete(request)
    })
    done()
  })

  app.addHook('preValidation', (request, _reply, done) => {
    if (!arriving.delete(request)) return done()
    // other bodies may have arrived meanwhile
    if (isFull()) return done(overloaded(limit))
    enter(request)
    done()
  })
}

export function overloaded(limit = 500): Problem {
  return unavailable('overloaded', `More than ${limit} requests are in flight`)
}
