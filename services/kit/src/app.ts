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
import { answerClientError, answerConnect, answerProblems, endUnused, hostRequired } from './errors.ts'
import { createHttpServer } from './http-server.ts'
import { rememberRoutes } from './known-routes.ts'
import { buildSerializer } from './late-serializers.ts'
import type { Log } from './log.ts'
import { createOpenConnections } from './open-connections.ts'
import { observeOutcomes } from './outcome.ts'
import { limitConcurrency } from './overload.ts'
import { requestLog } from './request-log.ts'
import { traceOf } from './trace.ts'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

const BODY_LIMIT_BYTES = 64 * 1024

/**
 * A Fastify instance with the house's limits, ids, error answers and one log line a request. Routes, metrics, probes
 * and documentation are added by the caller, so that each service's own `app.ts` shows all it has.
 */
export function createApp(options: { log: Log; maxConcurrentRequests: number }): App {
  const connections = createOpenConnections((socket) => endUnused(app, socket))
  const app: App = fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: (request) => traceOf(request as RawRequestDefaultExpression).requestId,
    childLoggerFactory: (_logger, _bindings, _options, request) =>
      requestLog(options.log as FastifyBaseLogger, traceOf(request as RawRequestDefaultExpression)),
    bodyLimit: BODY_LIMIT_BYTES,
    serverFactory: (handle) =>
      createHttpServer(handle, {
        connection: connections.add,
        connect: (socket) => answerConnect(app, socket),
      }),
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    schemaController: { compilersFactory: { buildSerializer } },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        allErrors: false,
        // a third of the start, and strict mode finds mistakes in a schema anyway
        validateSchema: false,
      },
    },
    frameworkErrors: (error, request, reply) => answerUnroutable(error, request, reply),
    clientErrorHandler: (error, socket) => answerClientError(app, error, socket),
  }).withTypeProvider<TypeBoxTypeProvider>()
  const { answerUnroutable } = answerProblems(app)

  rememberRoutes(app)
  observeOutcomes(app)
  logOutcomes(app)
  requireHost(app)
  limitConcurrency(app, options.maxConcurrentRequests)
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    // what is said here changes; a route whose answer may be kept says so itself
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

/** Node.js would answer by itself: without problem details, and unseen by logs and metrics. */
function requireHost(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers, httpVersion } = request.raw
    if (headers.host || httpVersion === '1.0') return done()
    done(hostRequired())
  })
}

/**
 * JSON only; clients that always send its content type may leave the body of a POST empty. A `__proto__` is a field that is
 * not known, like any other: it is taken away.
 */
function acceptJson(app: App): void {
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('remove', 'remove')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    return parse(request, body as string, done)
  })
}
