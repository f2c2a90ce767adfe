import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  fastify,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import { answerProblems } from './errors.ts'
import { createOpenConnections } from './http-server/open-connections.ts'
import { requireHost } from './http-server/require-host.ts'
import { createHttpServer } from './http-server/server.ts'
import { answerClientError, answerConnect, endUnused } from './http-server/socket-answers.ts'
import type { Log } from './log.ts'
import { limitConcurrency } from './overload.ts'
import { observeOutcomes } from './request-outcome.ts'
import { rememberRoutes } from './route-template.ts'
import { traceOf, traceRequests } from './trace.ts'
import { traceServer } from './tracing/server-spans.ts'
import type { Tracing } from './tracing/tracing.ts'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

const BODY_LIMIT_BYTES = 64 * 1024

/**
 * A Fastify instance with the limits, request ids and error answers that all services share, and one log line per request.
 * The caller adds routes, metrics, probes and documentation, so that each service's `app.ts` lists all of its parts.
 */
export function createApp(options: {
  log: Log
  maxConcurrentRequests: number
  tracing?: Tracing | undefined
}): App {
  const connections = createOpenConnections((socket) => endUnused(app, socket))
  const app: App = fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: (request) => traceOf(request as RawRequestDefaultExpression).requestId,
    childLoggerFactory: (log, ids, options, request) =>
      log.child({ ...ids, trace_id: traceOf(request as RawRequestDefaultExpression).traceId }, options),
    bodyLimit: BODY_LIMIT_BYTES,
    serverFactory: (handle) =>
      createHttpServer(handle, {
        connection: connections.add,
        connect: (socket) => answerConnect(app, socket),
      }),
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        allErrors: false,
        // it takes a third of the start-up, and Ajv's strict mode finds mistakes in a schema too
        validateSchema: false,
      },
    },
    frameworkErrors: (error, request, reply) => answerUnroutable(error, request, reply),
    clientErrorHandler: (error, socket) => answerClientError(app, error, socket),
  }).withTypeProvider<TypeBoxTypeProvider>()
  const { answerUnroutable } = answerProblems(app)

  traceRequests(app)
  rememberRoutes(app)
  observeOutcomes(app)
  traceServer(app, options.tracing)
  logOutcomes(app)
  requireHost(app)
  limitConcurrency(app, options.maxConcurrentRequests)
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    // answers change; a route that may be cached sets its own header
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    done(null, payload)
  })
  acceptJson(app)
  app.addHook('preClose', async () => connections.close())
  return app
}

function logOutcomes(app: App): void {
  app.outcomeListeners.push(({ method, path, route, status, seconds }, request) => {
    const line = { method, path, route, status, duration_ms: Math.round(seconds * 1e6) / 1e3 }
    const message = `${method} ${path}`
    if (status >= 500) request.log.error(line, message)
    else request.log.info(line, message)
  })
}

/**
 * Accepts JSON only. Clients that always send its content type may leave the body of a POST empty. `__proto__` is removed
 * like any unknown field.
 */
function acceptJson(app: App): void {
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('remove', 'remove')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    return parse(request, body as string, done)
  })
}
