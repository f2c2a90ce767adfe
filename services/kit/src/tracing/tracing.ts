import { randomUUID } from 'node:crypto'
import type { Attributes } from '@opentelemetry/api'
import type { Registry } from 'prom-client'
import type { Log } from '../log.ts'
import type { Trace } from '../trace.ts'
import { withTrace } from './current.ts'
import type { ActiveSpan, SpanKindName } from './span.ts'
import type { TracingConfig } from './variables.ts'

/** Makes the root spans of a service and sends all of its spans to a collector. */
export interface Tracing {
  /** Starts the first span of this process in a trace, below the caller's if there is one. */
  startRoot(trace: Trace, name: string, kind: SpanKindName, begin: SpanBegin): ActiveSpan
  /** Counts the spans that were exported and lost. */
  exportMetrics(registry: Registry): void
  /** Sends what has not been sent yet, within 2 s. */
  close(): Promise<void>
}

export interface SpanBegin {
  attributes: Attributes
  /** Unix ms; undefined: now */
  startedAt?: number | undefined
}

export interface TracedService {
  service: string
  version: string
  log: Log
}

/** Loads OpenTelemetry if the variables ask for it; undefined: tracing is off, and nothing of it is loaded. */
export async function startTracing(
  config: TracingConfig,
  identity: TracedService,
): Promise<Tracing | undefined> {
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === '' || config.OTEL_SDK_DISABLED) return undefined
  const { createTracing } = await import('./sdk.ts')
  return createTracing(config, identity)
}

/**
 * Runs work that no request waits for as a trace of its own. It leaves the trace of the request that caused it, which may
 * have ended before.
 */
export async function inBackground<T>(
  tracing: Tracing | undefined,
  name: string,
  work: (trace: Trace) => Promise<T>,
  attributes: Attributes = {},
): Promise<T> {
  const trace = newTrace()
  if (!tracing) return work(trace)
  const span = tracing.startRoot(trace, name, 'internal', { attributes })
  trace.span = span
  try {
    return await withTrace(trace, () => work(trace))
  } catch (error) {
    span.fail(error instanceof Error ? error.name : 'Error')
    throw error
  } finally {
    span.end()
  }
}

function newTrace(): Trace {
  const traceId = randomUUID().replaceAll('-', '')
  return { requestId: traceId, traceId, flags: '01' }
}
