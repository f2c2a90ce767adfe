import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** No legitimate client sends more requests ahead of their answers. */
const MAX_WAITING = 250

interface Turn {
  request: IncomingMessage
  response: ServerResponse
  take(): void
}

const waiting = new WeakMap<Socket, Turn[]>()

/**
 * Handles the requests of one connection one after another, each when the previous answer has been sent. Node.js starts
 * all pipelined requests at once and keeps the answers until the client reads them, which takes unlimited memory. Meanwhile
 * the connection is not read; a client that has sent too many requests ahead is disconnected.
 */
export function answerInOrder(handle: RequestListener): RequestListener {
  return (request, response) => {
    // without a socket, an earlier answer still has it
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

/** Later, because Node.js first parses all that it has received, and resumes the socket at the end of each request. */
function pauseAfterThis(socket: Socket, turns: Turn[]): void {
  setImmediate(() => {
    if (turns.length > 0) socket.pause()
  })
}

/**
 * Calls `act` when the answers to all requests of a connection have been sent; at once when there are none. A request that
 * has arrived in part and waits for its turn is never handled: `act` takes its place.
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
