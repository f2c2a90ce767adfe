import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterAnswers } from './answer-in-order.ts'
import { STATUS_CODES } from './http-status.ts'
import { type LastRequest, lastRequestOn, UNMATCHED } from './outcome.ts'
import { PROBLEM_JSON, type Problem, problemBody } from './problem.ts'

/** Closing at once, with more on its way from the client, would take back the answer. */
const LINGER_MS = 1000

const ended = new WeakSet<Socket>()

/** Whether a connection has had its last answer. */
export function isEnded(socket: Socket): boolean {
  return ended.has(socket)
}

/**
 * Answers on the socket itself what has no response, after the answers that are due before, and ends the connection.
 *
 * @param broken the request that is answered with this, when so much of it has arrived that it is under way
 */
export function answerRaw(
  app: FastifyInstance,
  problem: Problem,
  socket: Socket,
  { method = UNMATCHED, broken }: { method?: string; broken?: LastRequest | undefined } = {},
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
  // what still comes is thrown away
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroySoon())
  socket.once('close', () => clearTimeout(timer))
}
