import type { Attributes, SpanContext } from '@opentelemetry/api'

/** A span that has begun: a part of a trace. Types only come from OpenTelemetry here, so that nothing of it is loaded. */
export interface ActiveSpan {
  spanContext(): SpanContext
  /** false: the trace is not sampled, or the span has ended; nothing that is added to it is kept */
  isRecording(): boolean
  /** Starts a span below this one. */
  start(name: string, kind: SpanKindName, attributes?: Attributes): ActiveSpan
  set(attributes: Attributes): void
  event(name: string, attributes?: Attributes): void
  /** Sets the status to error, and `error.type`. */
  fail(errorType: string): void
  end(): void
}

export type SpanKindName = 'server' | 'client' | 'internal'
