import type { FastifyInstance } from 'fastify'

interface KnownRoute {
  template: string
  segments: string[]
  methods: Set<string>
}

/** The routes of an application by path, to tell a wrong method (405) from an unknown path (404). */
export interface KnownRoutes {
  /** The route that has this path, whatever the method. */
  match(path: string): { template: string; methods: string[] } | undefined
  /** All of them, those that end in a `*` included, which never match. */
  all(): { template: string; methods: string[] }[]
}

declare module 'fastify' {
  interface FastifyInstance {
    knownRoutes: KnownRoutes
  }
}

/** Remembers every route that is registered from now on. */
export function rememberRoutes(app: FastifyInstance): void {
  const routes = new Map<string, KnownRoute>()
  app.decorate('knownRoutes', {
    match(path) {
      const segments = path.split('/')
      const found = [...routes.values()].find((route) => fits(route.segments, segments))
      return found && told(found)
    },
    all: () => [...routes.values()].map(told),
  })
  app.addHook('onRoute', ({ url, method }) => {
    const template = url.replace(/:(\w+)/g, '{$1}')
    const route = routes.get(url) ?? { template, segments: url.split('/'), methods: new Set() }
    for (const name of [method].flat()) route.methods.add(name)
    routes.set(url, route)
  })
}

function told({ template, methods }: KnownRoute) {
  return { template, methods: [...methods] }
}

function fits(pattern: string[], segments: string[]): boolean {
  return (
    pattern.at(-1) !== '*' &&
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  )
}
