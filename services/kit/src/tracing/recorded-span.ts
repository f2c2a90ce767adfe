import {
  type Attributes,
  type AttributeValue,
  type HrTime,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api'
import { type InstrumentationScope, millisToHrTime } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan, SpanProcessor, TimedEvent } from '@opentelemetry/sdk-trace'
import { newSpanId } from '../trace.ts'
import type { ActiveSpan, SpanKindName } from './span.ts'

/** What all spans of a process share. */
export interface SpanOrigin {
  resource: Resource
  scope: InstrumentationScope
  processor: SpanProcessor
}

export interface SpanStart {
  name: string
  kind: SpanKindName
  attributes: Attributes
  context: SpanContext
  parent: SpanContext | undefined
  /** Unix ms */
  startedMs: number
  /** Unix ms at 0 of `performance.now()`, the same for all spans below a root: so their times can be compared */
  clockMs: number
}

/** A longer text of a client, such as a path, is cut. */
const MAX_ATTRIBUTE_LENGTH = 2048

const KINDS: Record<SpanKindName, SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
}

/**
 * A span as the SDK's processors and exporters read it. The SDK's own copies and checks all attributes twice and makes a
 * context for each parent, which is a third of the time of a span: see docs/performance.md.
 */
export class RecordedSpan implements ActiveSpan, ReadableSpan {
  readonly name: string
  ended = false
  status: SpanStatus = { code: SpanStatusCode.UNSET }
  readonly kind: SpanKind
  readonly attributes: Attributes = {}
  readonly events: TimedEvent[] = []
  readonly links = []
  readonly parentSpanContext?: SpanContext
  readonly droppedAttributesCount = 0
  readonly droppedEventsCount = 0
  readonly droppedLinksCount = 0
  readonly #origin: SpanOrigin
  readonly #context: SpanContext
  readonly #clockMs: number
  readonly #startedMs: number
  #endedMs = 0

  constructor(
    origin: SpanOrigin,
    { name, kind, attributes, context, parent, startedMs, clockMs }: SpanStart,
  ) {
    this.#origin = origin
    this.#context = context
    this.#clockMs = clockMs
    this.#startedMs = startedMs
    this.name = name
    this.kind = KINDS[kind]
    if (parent) this.parentSpanContext = parent
    this.set(attributes)
  }

  spanContext(): SpanContext {
    return this.#context
  }

  isRecording(): boolean {
    return !this.ended && this.#context.traceFlags === TraceFlags.SAMPLED
  }

  start(name: string, kind: SpanKindName, attributes: Attributes = {}): ActiveSpan {
    const { traceId, traceFlags } = this.#context
    return new RecordedSpan(this.#origin, {
      name,
      kind,
      attributes,
      context: { traceId, spanId: newSpanId(), traceFlags },
      parent: this.#context,
      startedMs: this.#now(),
      clockMs: this.#clockMs,
    })
  }

  set(attributes: Attributes): void {
    if (this.isRecording()) copy(attributes, this.attributes)
  }

  event(name: string, attributes: Attributes = {}): void {
    if (!this.isRecording()) return
    this.events.push({ name, time: millisToHrTime(this.#now()), attributes: copy(attributes, {}) })
  }

  fail(errorType: string): void {
    if (!this.isRecording()) return
    this.attributes['error.type'] = errorType
    this.status = { code: SpanStatusCode.ERROR }
  }

  end(): void {
    if (!this.isRecording()) return
    this.#endedMs = Math.max(this.#now(), this.#startedMs)
    this.ended = true
    this.#origin.processor.onEnd(this)
  }

  get startTime(): HrTime {
    return millisToHrTime(this.#startedMs)
  }

  get endTime(): HrTime {
    return millisToHrTime(this.#endedMs)
  }

  get duration(): HrTime {
    return millisToHrTime(this.#endedMs - this.#startedMs)
  }

  get resource(): Resource {
    return this.#origin.resource
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#origin.scope
  }

  #now(): number {
    return this.#clockMs + performance.now()
  }
}

function copy(from: Attributes, to: Attributes): Attributes {
  for (const name of Object.keys(from)) {
    const value = from[name]
    if (value !== undefined) to[name] = cut(value)
  }
  return to
}

function cut(value: AttributeValue): AttributeValue {
  return typeof value === 'string' && value.length > MAX_ATTRIBUTE_LENGTH
    ? value.slice(0, MAX_ATTRIBUTE_LENGTH)
    : value
}
