import type { Socket } from 'node:net'
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
import { answerClientError, answerConnect, answerProblems } from './errors.ts'
import { rememberRoutes } from './known-routes.ts'
import { buildSerializer } from './late-serializers.ts'
import type { Log } from './log.ts'
import { observeOutcomes } from './outcome.ts'
import { limitConcurrency } from './overload.ts'
import { Problem } from './problem.ts'
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
    childLoggerFactory: (_logger, _bindings, _options, request) =>
      requestLog(options.log as FastifyBaseLogger, traceOf(request as RawRequestDefaultExpression)),
    bodyLimit: BODY_LIMIT_BYTES,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
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
  answerInsteadOfNode(app)
  limitConcurrency(app, options.maxConcurrentRequests)
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    done(null, payload)
  })
  acceptJson(app)
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

/** Node.js answers some requests by itself: without problem details, and unseen by logs and metrics. */
function answerInsteadOfNode(app: App): void {
  app.server.on('connect', (_request, socket) => answerConnect(app, socket as Socket))
  // RFC 9110, section 10.1.1: what nobody knows may be ignored
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers, httpVersion } = request.raw
    if (headers.host || httpVersion === '1.0') return done()
    done(new Problem(400, 'host_required', 'The Host header is missing'))
  })
}

/** JSON only; clients that always send its content type may leave the body of a POST empty. */
function acceptJson(app: App): void {
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    return parse(request, body as string, done)
  })
}
