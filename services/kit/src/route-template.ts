import type { FastifyInstance, FastifyRequest } from 'fastify'

/** The one label value for paths that no route has. */
export const UNMATCHED = 'unmatched'

/** The routes of an application by path, to tell a wrong method (405) from an unknown path (404). */
export interface KnownRoutes {
  /** The route that has this path, whatever the method; never one that ends in a `*`. */
  match(path: string): KnownRoute | undefined
  all(): KnownRoute[]
}

interface KnownRoute {
  template: string
  methods: string[]
}

declare module 'fastify' {
  interface FastifyInstance {
    knownRoutes: KnownRoutes
  }
  interface FastifyContextConfig {
    /** the template that this route stands for, where it is not its own */
    template?: string
  }
}

/** Remembers every route that is registered from now on. */
export function rememberRoutes(app: FastifyInstance): void {
  const routes = new Map<string, KnownRoute>()
  app.decorate('knownRoutes', {
    match(path) {
      const segments = path.split('/')
      return [...routes].find(([url]) => matches(url.split('/'), segments))?.[1]
    },
    all: () => [...routes.values()],
  })
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { template: templateOf(url), methods: [] }
    route.methods.push(...[method].flat())
    routes.set(url, route)
  })
}

function matches(pattern: string[], segments: string[]): boolean {
  return (
    pattern.at(-1) !== '*' &&
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  )
}

const templates = new Map<string, string>()

/** A route's URL in OpenAPI's spelling: `/events/:id` is `/events/{id}`. */
export function templateOf(url: string): string {
  let template = templates.get(url)
  if (template === undefined) {
    template = url.replace(/:(\w+)/g, '{$1}')
    templates.set(url, template)
  }
  return template
}

/** The template of the route that answers a request, or of the one that has its path but not its method. */
export function template(request: FastifyRequest): string {
  const { url, config } = request.routeOptions
  if (config.template) return config.template
  if (url !== undefined) return templateOf(url)
  return request.server.knownRoutes.match(pathOf(request.url))?.template ?? UNMATCHED
}

export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
