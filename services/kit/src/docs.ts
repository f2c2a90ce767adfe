import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App } from './app.ts'

/** Interactive documentation at /docs and the OpenAPI 3.1 schema at /openapi.json, from the routes' own schemas. */
export async function docs(
  app: App,
  info: { title: string; description: string; version: string },
): Promise<void> {
  await app.register(swagger, { openapi: { openapi: '3.1.0', info } })
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { tryItOutEnabled: true } })
  app.get('/openapi.json', { config: { ops: true }, schema: { hide: true } }, async () => app.swagger())
}
