import { breakConnection } from '@quickticket/kit/request-outcome'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FaultKind } from '../effect.ts'

/** Half of the body is sent under the length of the whole; then the connection ends. A response without a body stays as it is. */
export const truncate = {
  name: 'truncate',
  read: () => ({ stage: 'response', strike: sendHalf }),
} as const satisfies FaultKind

function sendHalf(request: FastifyRequest, reply: FastifyReply, payload: unknown): boolean {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return false
  const body = Buffer.from(payload as string)
  if (body.length < 2 || request.method === 'HEAD') return false
  const response = reply.raw
  response.writeHead(reply.statusCode, { ...reply.getHeaders(), 'content-length': body.length } as never)
  response.write(body.subarray(0, body.length / 2), () => breakConnection(request))
  return true
}
