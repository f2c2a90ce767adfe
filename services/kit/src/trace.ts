import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** The ids of a request: the same in every service that it passes through. */
export interface Trace {
  requestId: string
  /** 32 hex digits, from `traceparent` or new */
  traceId: string
  /** the flags of `traceparent`, two hex digits */
  flags: string
}

const REQUEST_ID = /^[\w.:-]{1,128}$/
// W3C Trace Context, section 3.2: version-traceid-parentid-flags; all-zero ids are invalid
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?$/

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
  return { requestId, traceId, flags: parent?.[2] ?? '01' }
}

/** The headers that carry a trace to the next service. */
export function traceHeaders(trace: Trace): Record<string, string> {
  return {
    'x-request-id': trace.requestId,
    traceparent: `00-${trace.traceId}-${spanId()}-${trace.flags}`,
  }
}

/** 16 hex digits. Node draws the bits of UUIDs in advance, many at a time; `randomBytes` asks the system for each. */
function spanId(): string {
  const uuid = randomUUID()
  return uuid.slice(0, 8) + uuid.slice(-8)
}
