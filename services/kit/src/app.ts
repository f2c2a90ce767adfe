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
import { answerClientError, answerProblems } from './errors.ts'
import { rememberRoutes } from './known-routes.ts'
import type { Log } from './log.ts'
import { observeOutcomes } from './outcome.ts'
import { limitConcurrency } from './overload.ts'
import { traceOf } from './trace.ts'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

const BODY_LIMIT_BYTES = 64 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than any client here keeps a connection idle, so that none is closed under a request. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

/**
 * A Fastify instance with the house's limits, ids, error answers and one log line a request. Routes, metrics, probes
 * and documentation are added by the caller, so that each service's own `app.ts` shows all it has.
 */
export function createApp(options: { log: Log; maxConcurrentRequests: number }): App {
  const app = fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: (request) => traceOf(request as RawRequestDefaultExpression).requestId,
    childLoggerFactory: (logger, bindings, childOptions, request) =>
      logger.child(
        { ...bindings, trace_id: traceOf(request as RawRequestDefaultExpression).traceId },
        childOptions,
      ),
    bodyLimit: BODY_LIMIT_BYTES,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    return503OnClosing: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    frameworkErrors: (error, request, reply) => answerUnroutable(error, request, reply),
    clientErrorHandler: (error, socket) => answerClientError(app, error, socket),
  }).withTypeProvider<TypeBoxTypeProvider>()
  const { answerUnroutable } = answerProblems(app)

  rememberRoutes(app)
  observeOutcomes(app)
  logOutcomes(app)
  limitConcurrency(app, options.maxConcurrentRequests)
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  acceptEmptyJson(app)
  return app
}

function logOutcomes(app: App): void {
  app.outcomeListeners.push(({ method, path, route, status, seconds }, request) => {
    const log = request?.log ?? app.log
    const line = { method, path, route, status, duration_ms: Math.round(seconds * 1e6) / 1e3 }
    const message = `${method} ${path}`
    if (status >= 500) log.error(line, message)
    else log.info(line, message)
  })
}

/** Clients that always send a JSON content type may leave the body of a POST empty. */
function acceptEmptyJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    return parse(request, body as string, done)
  })
}
