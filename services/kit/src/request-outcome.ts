import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bodyWaitMs, measureBodyWaits } from './http-server/body-wait.ts'
import { pathOf, template } from './route-template.ts'

/** How one request ended; reported once, when its response has ended. */
export interface Outcome {
  method: string
  /** the route's template, e.g. `/events/{id}`, or `unmatched` */
  route: string
  /** the path as it was sent, without the query */
  path: string
  /** what the client saw; before the answer was complete, 499 when it left and 500 when the server broke the connection */
  status: number
  /** from the head of the request to the end of the response, without the time in which its client owed the body */
  seconds: number
}

/** @param request the part of it that exists even when the bytes were not HTTP */
export type OutcomeListener = (outcome: Outcome, request: Pick<FastifyRequest, 'log'>) => void

/** nginx's code for a client that closed the connection before it was answered. */
const CLIENT_LEFT = 499

/** No client sees it, because nothing more arrives, but it counts as an error of this service. */
const BROKEN_HERE = 500

declare module 'fastify' {
  interface FastifyInstance {
    outcomeListeners: OutcomeListener[]
  }
  interface FastifyContextConfig {
    /** probes and the like: never limited, never faulted, never shed */
    ops?: boolean
  }
}

/** Calls every listener of `app.outcomeListeners` when a request has ended. */
export function observeOutcomes(app: FastifyInstance): void {
  app.decorate('outcomeListeners', [])
  app.addHook('onRequest', (request, reply, done) => {
    watchResponse(app, request, reply)
    done()
  })
  measureBodyWaits(app)
}

/** The last request on a connection, for code that answers it without its own response. */
export interface LastRequest {
  readonly id: string
  readonly response: ServerResponse
  /** its end has not been received yet */
  isArriving(): boolean
  /** what it counts as when its response is never complete */
  statusWhenCut: number
}

const lastRequests = new WeakMap<Socket, LastRequest>()

/** Called directly for a request that reaches no hook because its URL cannot be routed. */
export function watchResponse(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const response = reply.raw
  const { socket } = request.raw
  const watched: LastRequest = {
    id: request.id,
    response,
    isArriving: () => !request.raw.complete,
    statusWhenCut: CLIENT_LEFT,
  }
  lastRequests.set(socket, watched)
  response.once('close', () => {
    if (lastRequests.get(socket) === watched && !watched.isArriving()) lastRequests.delete(socket)
    const outcome: Outcome = {
      method: request.method,
      route: template(request),
      path: pathOf(request.url),
      status: response.writableFinished ? response.statusCode : statusOfCut(socket, watched),
      seconds: Math.max(reply.elapsedTime - bodyWaitMs(request), 0) / 1000,
    }
    for (const listener of app.outcomeListeners) listener(outcome, request)
  })
}

const brokenHere = new WeakSet<Socket>()

/** Breaks a connection from this side: its unanswered request counts as 500, not as 499. */
export function breakConnection(
  { raw: { socket } }: FastifyRequest,
  how: 'destroy' | 'resetAndDestroy' = 'destroy',
): void {
  brokenHere.add(socket)
  socket[how]()
}

function statusOfCut(socket: Socket, { statusWhenCut }: LastRequest): number {
  return brokenHere.has(socket) ? BROKEN_HERE : statusWhenCut
}

export function lastRequestOn(socket: Socket): LastRequest | undefined {
  return lastRequests.get(socket)
}
