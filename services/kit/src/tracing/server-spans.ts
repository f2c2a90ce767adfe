import type { Attributes } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { knownMethod } from '../http-methods.ts'
import type { Outcome } from '../request-outcome.ts'
import { pathOf, template, UNMATCHED } from '../route-template.ts'
import { traceOf } from '../trace.ts'
import { currentTrace, withTrace } from './current.ts'
import type { Tracing } from './tracing.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** undefined: tracing is off */
    readonly tracing: Tracing | undefined
  }
}

/** A server span for every request that is not for operations. Call it before other hooks are added, so that it covers them. */
export function traceServer(app: FastifyInstance, tracing: Tracing | undefined): void {
  app.decorate('tracing', tracing)
  if (!tracing) return

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.ops) return done()
    begin(request)
    withTrace(request.trace, done)
  })
  // a body arrives in the events of its connection, which belong to no request
  app.addHook('preValidation', (request, _reply, done) => {
    const { trace } = request
    if (trace.span && currentTrace() !== trace) withTrace(trace, done)
    else done()
  })
  app.outcomeListeners.push((outcome, request) => {
    if (isRequest(request) && !request.routeOptions.config.ops) end(outcome, request)
  })
  app.addHook('onClose', () => tracing.close())

  function begin(request: FastifyRequest, startedAt?: number): void {
    const trace = traceOf(request.raw)
    const { method } = request
    trace.span = tracing?.startRoot(trace, spanName(method, template(request)), 'server', {
      attributes: attributesOf(request),
      startedAt,
    })
  }

  function end({ status, seconds }: Outcome, request: FastifyRequest): void {
    // no hook has run for a URL that cannot be routed, and its request has no decorator
    const trace = traceOf(request.raw)
    if (!trace.span) begin(request, Date.now() - seconds * 1000)
    const { span, problem } = trace
    span?.set({
      'http.response.status_code': status,
      ...(problem !== undefined && { 'quickticket.problem': problem }),
    })
    if (status >= 500) span?.fail(problem ?? String(status))
    span?.end()
  }
}

/** Bytes that are no HTTP have an outcome, but no request. */
function isRequest(request: object): request is FastifyRequest {
  return 'routeOptions' in request
}

/** @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name */
export function spanName(method: string, route: string): string {
  const known = knownMethod(method) ?? 'HTTP'
  return route === UNMATCHED ? known : `${known} ${route}`
}

function attributesOf(request: FastifyRequest): Attributes {
  const { method, url, id } = request
  const route = template(request)
  const known = knownMethod(method)
  return {
    'http.request.method': known ?? '_OTHER',
    ...(!known && { 'http.request.method_original': method }),
    'url.scheme': 'http',
    'url.path': pathOf(url),
    ...(route !== UNMATCHED && { 'http.route': route }),
    'quickticket.request_id': id,
  }
}
