import type { IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'

/** A span that was received. */
export interface ReceivedSpan {
  traceId: string
  spanId: string
  /** undefined: the first span of its trace */
  parentSpanId: string | undefined
  service: string
  /** of the process that sent it */
  resource: Attributes
  kind: string
  name: string
  attributes: Attributes
  events: { name: string; attributes: Attributes }[]
  isError: boolean
  /** Unix time in nanoseconds */
  startedAt: bigint
}

export type Attributes = Record<string, unknown>

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const STATUS_ERROR = 2

/**
 * Reads the body of an export request in JSON; no spans in the other format, protobuf.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function readSpans(headers: IncomingHttpHeaders, body: Buffer): ReceivedSpan[] {
  if (headers['content-type'] !== 'application/json') return []
  const { resourceSpans } = JSON.parse(unzipped(headers, body).toString()) as ExportRequest
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const identity = readAttributes(resource.attributes)
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => readSpan(span, identity)))
  })
}

export function unzipped(headers: IncomingHttpHeaders, body: Buffer): Buffer {
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

function readSpan(span: JsonSpan, resource: Attributes): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, events = [] } = span
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    service: String(resource['service.name']),
    resource,
    kind: KINDS[span.kind] ?? String(span.kind),
    name,
    attributes: readAttributes(span.attributes),
    events: events.map((event) => ({ name: event.name, attributes: readAttributes(event.attributes) })),
    isError: span.status?.code === STATUS_ERROR,
    startedAt: BigInt(span.startTimeUnixNano),
  }
}

function readAttributes(attributes: JsonAttribute[] = []): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: JsonAttribute[] }
    scopeSpans: { spans: JsonSpan[] }[]
  }[]
}

interface JsonSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  attributes?: JsonAttribute[]
  events?: { name: string; attributes?: JsonAttribute[] }[]
  status?: { code?: number }
}

interface JsonAttribute {
  key: string
  /** of one field, such as `stringValue` */
  value: Record<string, unknown>
}
