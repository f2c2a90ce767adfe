import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'

export interface DocsInfo {
  title: string
  description: string
  version: string
}

/**
 * Interactive documentation at /docs and the OpenAPI 3.1 schema at /openapi.json, from the schemas of the routes that are
 * added after it. What makes them is loaded when somebody first asks: most processes are never asked, and it takes a
 * third of a service's memory and start.
 */
export function docs(app: FastifyInstance, info: DocsInfo): void {
  const routes: RouteOptions[] = []
  let documentation: Promise<FastifyInstance> | undefined
  const options = { config: { ops: true }, schema: { hide: true } }
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    documentation ??= document(routes, info)
    const { statusCode, headers, rawPayload } = await (await documentation).inject(request.url)
    if (statusCode >= 400) return reply.callNotFound()
    return reply.code(statusCode).headers(headers).send(rawPayload)
  }
  app.get('/openapi.json', options, answer)
  app.get('/docs', options, answer)
  app.get('/docs/*', options, answer)
  app.addHook('onRoute', (route) => {
    if (!(route.schema as { hide?: boolean } | undefined)?.hide) routes.push(route)
  })
}

/** An application that is never called but for its documentation. */
async function document(routes: RouteOptions[], info: DocsInfo): Promise<FastifyInstance> {
  const [{ fastify }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const app = fastify()
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  await app.register(swagger, { openapi: { openapi: '3.1.0', info } })
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { tryItOutEnabled: true } })
  for (const { method, url, schema = {} } of routes) {
    if (!isHead(method)) app.route({ method, url, schema, handler: async () => undefined })
  }
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.ready()
  return app
}

/** Fastify adds one to each GET. */
function isHead(method: RouteOptions['method']): boolean {
  return [method].flat().every((name) => name === 'HEAD')
}
