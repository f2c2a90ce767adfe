import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

interface Wait {
  /** milliseconds, as `performance.now()` */
  begun: number
  ended: number | undefined
}

const waits = new WeakMap<IncomingMessage, Wait>()

/** Measures how long each request lets its body be waited for: that is the time of its client, and not of the service. */
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

/** How long a body was waited for, in milliseconds; until now when it is not there yet. */
export function bodyWaitMs(request: FastifyRequest): number {
  const wait = waits.get(request.raw)
  return wait ? (wait.ended ?? performance.now()) - wait.begun : 0
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}
