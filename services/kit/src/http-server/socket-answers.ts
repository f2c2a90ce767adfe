import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { STATUS_CODES } from '../node-http.ts'
import { PROBLEM_JSON, Problem, problemBody } from '../problem.ts'
import { type LastRequest, lastRequestOn } from '../request-outcome.ts'
import { UNMATCHED } from '../route-template.ts'
import { afterAnswers } from './pipelining.ts'

/** If the server closed at once while the client is still sending, the client would lose the answer. */
const LINGER_MS = 1000

export const notHttp = () => new Problem(400, 'bad_request', 'The request is not valid HTTP')
export const requestTimeout = () => new Problem(408, 'request_timeout', 'The request did not arrive in time')
export const headersTooLarge = () => new Problem(431, 'headers_too_large', 'The headers are too large')

const CLIENT_ERRORS: Record<string, () => Problem> = {
  ERR_HTTP_REQUEST_TIMEOUT: requestTimeout,
  HPE_HEADER_OVERFLOW: headersTooLarge,
}

/** connections that have had their last answer */
const ended = new WeakSet<Socket>()

/** Answers what is not a complete, valid HTTP request, and closes the connection. */
export function answerClientError(
  app: FastifyInstance,
  error: Error & { code?: string },
  socket: Socket,
): void {
  const last = lastRequestOn(socket)
  const broken = last?.isArriving() ? last : undefined
  if (error.code === 'ECONNRESET' || !socket.writable || broken?.response.headersSent) {
    socket.destroy()
  } else if (!ended.has(socket)) {
    answerOnSocket(app, CLIENT_ERRORS[error.code ?? '']?.() ?? notHttp(), socket, { broken })
  }
}

/** Answers CONNECT, for which Node.js has no response: this is no proxy. */
export function answerConnect(app: FastifyInstance, socket: Socket): void {
  const problem = new Problem(405, 'method_not_allowed', 'Method Not Allowed')
  answerOnSocket(app, problem, socket, { method: 'CONNECT' })
}

/** Ends a connection of a service that stops, as soon as no request is in flight on it. */
export function endUnused(app: FastifyInstance, socket: Socket): void {
  const last = lastRequestOn(socket)
  if (!last || last.response.writableFinished) socket.destroySoon()
  else if (!last.isArriving() || last.response.headersSent)
    last.response.once('close', () => endUnused(app, socket))
  else {
    if (!ended.has(socket)) answerOnSocket(app, requestTimeout(), socket, { broken: last })
    socket.destroySoon()
  }
}

/**
 * Answers without a response object, after the answers that are due before, and ends the connection.
 *
 * @param broken the request that gets this answer, if its headers have arrived
 */
function answerOnSocket(
  app: FastifyInstance,
  problem: Problem,
  socket: Socket,
  { method = UNMATCHED, broken }: { method?: string; broken?: LastRequest | undefined },
): void {
  ended.add(socket)
  if (broken) {
    broken.statusWhenCut = problem.status
    write(problem, socket, broken.id)
    return
  }
  afterAnswers(socket, lastRequestOn(socket)?.response, () => {
    if (!socket.writable) return
    const id = randomUUID().replaceAll('-', '')
    write(problem, socket, id)
    const log = app.log.child({ request_id: id, trace_id: id })
    const outcome = { method, route: UNMATCHED, path: UNMATCHED, status: problem.status, seconds: 0 }
    for (const listener of app.outcomeListeners) listener(outcome, { log })
  })
}

function write(problem: Problem, socket: Socket, id: string): void {
  const { status } = problem
  const body = JSON.stringify(problemBody(problem, id))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${PROBLEM_JSON}\r\n` +
      `cache-control: no-store\r\nx-request-id: ${id}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  // discard what the client still sends
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroySoon())
  socket.once('close', () => clearTimeout(timer))
}
