import type { FastifyInstance } from 'fastify'
import { Problem } from '../problem.ts'

export const hostRequired = () => new Problem(400, 'host_required', 'The Host header is missing')

/**
 * Answers 400 to HTTP/1.1 requests without a Host header. Node.js would do so by itself, but without problem details, and
 * unseen by logs and metrics.
 */
export function requireHost(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers, httpVersion } = request.raw
    if (headers.host || httpVersion === '1.0') return done()
    done(hostRequired())
  })
}
