import type { UpstreamAnswer } from '@quickticket/kit/http-client'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Passes an answer on to the client, byte by byte. */
export function relay(reply: FastifyReply, answer: UpstreamAnswer): FastifyReply {
  reply.code(answer.status).header('content-type', answer.contentType)
  if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter)
  return reply.send(answer.body)
}

/**
 * Bodies are not parsed here: the service that they are for says what is wrong with them. A schema for a body only
 * documents it, and asks that there is one.
 */
export function passBodiesThrough(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body.length > 0 ? body : undefined)
  })
}
