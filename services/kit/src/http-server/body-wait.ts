import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

interface Wait {
  /** milliseconds, as `performance.now()` */
  begun: number
  ended: number | undefined
}

const waits = new WeakMap<IncomingMessage, Wait>()

/** Measures how long the service waits for the body of each request: this is the client's time, not the service's. */
export function measureBodyWaits(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, _body, done) => {
    if (hasBody(request)) waits.set(request.raw, { begun: performance.now(), ended: undefined })
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const wait = waits.get(request.raw)
    if (wait) wait.ended = performance.now()
    done()
  })
}

/** How long the service waited for the body, in milliseconds; up to now when it has not arrived yet. */
export function bodyWaitMs(request: FastifyRequest): number {
  const wait = waits.get(request.raw)
  return wait ? (wait.ended ?? performance.now()) - wait.begun : 0
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}
