import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bodyWaitMs, measureBodyWaits } from './body-wait.ts'

/** What became of one request, told once, when its response has ended. */
export interface Outcome {
  method: string
  /** the route's template, e.g. `/events/{id}`, or {@link UNMATCHED} */
  route: string
  /** the path as it was sent, without the query */
  path: string
  /** what the client saw; before the answer was complete, 499 when it left and 500 when the server broke the connection */
  status: number
  /** from the head of the request to the end of the response, without the time in which its client owed the body */
  seconds: number
}

/** @param request what of the request is there, also when it was not even HTTP */
export type OutcomeListener = (outcome: Outcome, request: Pick<FastifyRequest, 'log'>) => void

/** The one label value for paths that no route has. */
export const UNMATCHED = 'unmatched'

/** nginx's code for a client that closed the connection before it was answered. */
const CLIENT_LEFT = 499

/** No client sees it, because nothing more arrives; whoever counts errors has to. */
const BROKEN_HERE = 500

declare module 'fastify' {
  interface FastifyInstance {
    outcomeListeners: OutcomeListener[]
  }
  interface FastifyContextConfig {
    /** probes and the like: never limited, never faulted, never shed */
    ops?: boolean
    /** the template that this route stands for, where it is not its own */
    template?: string
  }
}

/** Tells every listener of `app.outcomeListeners` how each request ended. */
export function observeOutcomes(app: FastifyInstance): void {
  app.decorate('outcomeListeners', [])
  app.addHook('onRequest', (request, reply, done) => {
    watch(app, request, reply)
    done()
  })
  measureBodyWaits(app)
}

/** The last request on a connection, for whoever has to answer it past its own response. */
export interface LastRequest {
  readonly id: string
  readonly response: ServerResponse
  /** its end has not been received yet */
  isArriving(): boolean
  /** what it counts as when its response is never complete */
  statusWhenCut: number
}

const lastRequests = new WeakMap<Socket, LastRequest>()

/** Watches a request that never reaches a hook, because its URL can not be routed. */
export function watch(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
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

/** Breaks a connection from this side: what is not answered on it was not left by the client. */
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

const templates = new Map<string, string>()

/** The route's template in OpenAPI's spelling: `/events/:id` is `/events/{id}`. */
export function template(request: FastifyRequest): string {
  const { url, config } = request.routeOptions
  if (config.template) return config.template
  if (url === undefined) return allowedTemplate(request) ?? UNMATCHED
  let spelled = templates.get(url)
  if (spelled === undefined) {
    spelled = url.replace(/:(\w+)/g, '{$1}')
    templates.set(url, spelled)
  }
  return spelled
}

function allowedTemplate(request: FastifyRequest): string | undefined {
  return request.server.knownRoutes.match(pathOf(request.url))?.template
}

export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
