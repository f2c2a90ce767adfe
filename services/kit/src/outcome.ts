import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What became of one request, told once, when its response has ended. */
export interface Outcome {
  method: string
  /** the route's template, e.g. `/events/{id}`, or {@link UNMATCHED} */
  route: string
  /** the path as it was sent, without the query */
  path: string
  /** what the client saw; 499 when it left before the answer was complete */
  status: number
  seconds: number
}

export type OutcomeListener = (outcome: Outcome, request: FastifyRequest | undefined) => void

/** The one label value for paths that no route has. */
export const UNMATCHED = 'unmatched'

/** nginx's code for a client that closed the connection before it was answered. */
const CLIENT_LEFT = 499

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
}

/** Watches a request that never reaches a hook, because its URL can not be routed. */
export function watch(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const response = reply.raw
  response.once('close', () => {
    const outcome: Outcome = {
      method: request.method,
      route: template(request),
      path: pathOf(request.url),
      status: response.writableFinished ? response.statusCode : CLIENT_LEFT,
      seconds: reply.elapsedTime / 1000,
    }
    for (const listener of app.outcomeListeners) listener(outcome, request)
  })
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
