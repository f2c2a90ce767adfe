import { breakConnection } from '@quickticket/kit/outcome'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Sends half of a body under the length of the whole one, and breaks the connection.
 *
 * @returns false when there is nothing to halve
 */
export function truncate(request: FastifyRequest, reply: FastifyReply, payload: unknown): boolean {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return false
  const body = Buffer.from(payload as string)
  if (body.length < 2 || request.method === 'HEAD') return false
  const response = reply.raw
  response.writeHead(reply.statusCode, { ...reply.getHeaders(), 'content-length': body.length } as never)
  response.write(body.subarray(0, body.length / 2), () => breakConnection(request))
  return true
}
