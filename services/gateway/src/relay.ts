import type { UpstreamAnswer } from '@quickticket/kit/http-client'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Passes an answer on to the client, byte by byte. */
export function relay(reply: FastifyReply, answer: UpstreamAnswer): FastifyReply {
  reply.code(answer.status).header('content-type', answer.contentType)
  if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter)
  return reply.send(answer.body)
}

/**
 * Options of a route that events validates: what the client sent is passed on, and the schema of the route only documents it.
 * A second validation here could answer something else to the same mistake.
 */
export const VALIDATED_BY_EVENTS = { validatorCompiler: () => () => true }

/** Leaves bodies as they are: events parses them. */
export function passBodiesThrough(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body.length > 0 ? body : undefined)
  })
}
