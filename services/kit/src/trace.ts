import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { ActiveSpan } from './tracing/span.ts'

/** The ids of a request: the same in every service that it passes through. */
export interface Trace {
  requestId: string
  /** 32 hex digits, from `traceparent` or new */
  traceId: string
  /** the flags of `traceparent`, two hex digits */
  flags: string
  /** the caller's span, 16 hex digits */
  parentSpanId?: string | undefined
  /** the span of this process; undefined: tracing is off, or the request is for operations */
  span?: ActiveSpan | undefined
  /** the code of the problem that the request was answered with */
  problem?: string
}

const REQUEST_ID = /^[\w.:-]{1,128}$/
// W3C Trace Context, section 3.2: version-traceid-parentid-flags; all-zero ids are invalid. Later versions may add to it, but an
// id in a queue of spans or an exemplar keeps its whole header in memory, so that the header has to be short
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.{0,128})?$/

declare module 'fastify' {
  interface FastifyRequest {
    readonly trace: Trace
  }
}

export function traceRequests(app: FastifyInstance): void {
  app.decorateRequest('trace', {
    getter() {
      return traceOf(this.raw)
    },
  })
}

const traces = new WeakMap<IncomingMessage, Trace>()

/**
 * The ids in the headers of a request where they are well-formed, new ids where they are not; the same at each call. Fastify
 * asks for the id of a request, and for its logger, before there is a `request.trace`.
 */
export function traceOf(request: IncomingMessage): Trace {
  const known = traces.get(request)
  if (known) return known
  const trace = readTrace(request)
  traces.set(request, trace)
  return trace
}

function readTrace(request: IncomingMessage): Trace {
  const { traceparent } = request.headers
  const parent = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null
  const traceId = parent?.[1] ?? randomUUID().replaceAll('-', '')
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : traceId
  return { requestId, traceId, flags: parent?.[3] ?? '01', parentSpanId: parent?.[2] }
}

/** The headers that carry a trace to the next service; the span of the call is the parent there. */
export function traceHeaders(
  trace: Trace,
  span: ActiveSpan | undefined = trace.span,
): Record<string, string> {
  const { spanId = newSpanId(), flags = trace.flags } = span ? wireFormat(span) : {}
  return {
    'x-request-id': trace.requestId,
    traceparent: `00-${trace.traceId}-${spanId}-${flags}`,
  }
}

function wireFormat(span: ActiveSpan): { spanId: string; flags: string } {
  const { spanId, traceFlags } = span.spanContext()
  return { spanId, flags: traceFlags.toString(16).padStart(2, '0') }
}

/** 16 hex digits. Node draws the bits of UUIDs in advance, many at a time; `randomBytes` asks the system for each. */
export function newSpanId(): string {
  const uuid = randomUUID()
  return uuid.slice(0, 8) + uuid.slice(-8)
}
