import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** More that a connection sends ahead of its answers is no use that an honest client makes of it. */
const MAX_WAITING = 250

interface Turn {
  request: IncomingMessage
  response: ServerResponse
  take(): void
}

const waiting = new WeakMap<Socket, Turn[]>()

/**
 * Hands the requests of one connection over one after another, each when the answer before it has gone out. Node.js
 * hands over all that a client sends ahead (pipelining) at once and keeps the answers until they are read: memory without
 * bound. What a client sends ahead is not read further meanwhile; one that has sent too much is cut off.
 */
export function answerInOrder(handle: RequestListener): RequestListener {
  return (request, response) => {
    // otherwise an earlier answer has the socket
    if (response.socket) handle(request, response)
    else waitForTurn(request, response, handle)
  }
}

function waitForTurn(request: IncomingMessage, response: ServerResponse, handle: RequestListener): void {
  const { socket } = request
  const turns = waiting.get(socket) ?? []
  waiting.set(socket, turns)
  if (turns.length >= MAX_WAITING) {
    socket.destroy()
    return
  }
  const turn = { request, response, take: () => handle(request, response) }
  turns.push(turn)
  response.once('socket', () => {
    turns.shift()
    if (turns.length === 0) socket.resume()
    else pauseAfterThis(socket, turns)
    turn.take()
  })
  pauseAfterThis(socket, turns)
}

/** Node.js resumes a socket at the end of each request, and all that was received is parsed before this. */
function pauseAfterThis(socket: Socket, turns: Turn[]): void {
  setImmediate(() => {
    if (turns.length > 0) socket.pause()
  })
}

/**
 * Does something on a connection when the answers to all requests that have arrived on it have gone out, or at once when
 * there are none. Of a request that has arrived in part, and waits for its turn, nothing else becomes.
 *
 * @param current the answer that is under way
 */
export function afterAnswers(socket: Socket, current: ServerResponse | undefined, act: () => void): void {
  const last = waiting.get(socket)?.at(-1)
  if (last && !last.request.complete) last.take = act
  else if (last) last.response.once('close', act)
  else if (current && !current.writableFinished && !current.destroyed) current.once('close', act)
  else act()
}
