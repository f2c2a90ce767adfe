import type { IncomingMessage } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { errorsPage } from './errors-page.ts'
import type { DocsInfo, OpenApiDocument } from './openapi.ts'
import { cachePages } from './page-cache.ts'
import { PROBLEM_JSON, Problem, problemBody } from './problem.ts'
import { traceOf } from './trace.ts'

/**
 * Interactive documentation at /docs and the OpenAPI 3.1 schema at /openapi.json, from the schemas of the routes that are
 * added after it. The generator is loaded at the first request for them: most processes serve none, and it takes a third of a
 * service's memory and start-up.
 */
export function docs(app: FastifyInstance, info: DocsInfo): void {
  const routes: RouteOptions[] = []
  let documentation: Promise<FastifyInstance> | undefined
  const options = { config: { ops: true }, schema: { hide: true } }
  const answer = async ({ raw }: FastifyRequest, reply: FastifyReply) => {
    documentation ??= document(routes, info)
    const pages = await documentation
    reply.hijack()
    if (app.draining) reply.raw.setHeader('connection', 'close')
    pages.routing(raw, reply.raw)
  }
  errorsPage(app)
  app.get('/openapi.json', options, answer)
  app.get('/docs', options, answer)
  app.get('/docs/*', options, answer)
  app.addHook('onRoute', (route) => {
    if (!(route.schema as { hide?: boolean } | undefined)?.hide) routes.push(route)
  })
}

type Made = Exclude<ReturnType<FastifyInstance['swagger']>, string>

/** An application that serves only the documentation. */
async function document(routes: RouteOptions[], info: DocsInfo): Promise<FastifyInstance> {
  const [{ fastify }, { default: swagger }, { default: swaggerUi }, openapi] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
    import('./openapi.ts'),
  ])
  const app = fastify({ genReqId: (request) => traceOf(request as IncomingMessage).requestId })
  cachePages(app)
  answerMissing(app)
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  await app.register(swagger, {
    openapi: openapi.documentFrame(info),
    transformObject: (made) => {
      const { openapiObject } = made as { openapiObject: unknown }
      return openapi.completeDocument(openapiObject as OpenApiDocument, routes, info) as Partial<Made>
    },
  })
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { tryItOutEnabled: true } })
  for (const { method, url, schema = {} } of routes) {
    if (isHead(method)) continue
    app.route({ method, url, schema: openapi.shownSchema(schema), handler: async () => undefined })
  }
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.ready()
  return app
}

/** What is not there and what may not be read are the same to clients. */
function answerMissing(app: FastifyInstance): void {
  const answer = (problem: Problem, { id, raw }: FastifyRequest, reply: FastifyReply) =>
    reply
      .code(problem.status)
      .header('cache-control', 'no-store')
      .type(PROBLEM_JSON)
      .serializer(JSON.stringify)
      .send(problemBody(problem, id, traceOf(raw).traceId))
  const missing = () => new Problem(404, 'not_found', 'Not Found')
  const broken = () => new Problem(500, 'internal_error', 'Internal Server Error')
  app.setNotFoundHandler((request, reply) => answer(missing(), request, reply))
  app.setErrorHandler(({ statusCode = 500 }: FastifyError, request, reply) =>
    answer(statusCode < 500 ? missing() : broken(), request, reply),
  )
}

/** Fastify adds one to each GET. */
function isHead(method: RouteOptions['method']): boolean {
  return [method].flat().every((name) => name === 'HEAD')
}
