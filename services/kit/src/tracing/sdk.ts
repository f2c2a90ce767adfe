import { hostname } from 'node:os'
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Trace } from '../trace.ts'
import { createExporter } from './exporter.ts'
import { countSpans } from './lost-spans.ts'
import { parsePairs } from './pairs.ts'
import type { ActiveSpan, SpanKindName } from './span.ts'
import type { TracedService, Tracing } from './tracing.ts'
import type { TracingConfig } from './variables.ts'

/** A longer text of a client, such as a path, is cut. */
const MAX_ATTRIBUTE_LENGTH = 2048
const CLOSE_WITHIN_MS = 2000

const KINDS: Record<SpanKindName, SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
}

/** Loaded only while tracing is on: see `startTracing`. */
export async function createTracing(
  config: TracingConfig,
  { service, version, log }: TracedService,
): Promise<Tracing> {
  const counted = countSpans(await createExporter(config), {
    service,
    log,
    maxQueued: config.OTEL_BSP_MAX_QUEUE_SIZE,
  })
  const processor = new BatchSpanProcessor({
    exporter: counted.exporter,
    maxQueueSize: config.OTEL_BSP_MAX_QUEUE_SIZE,
    maxExportBatchSize: Math.min(config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, config.OTEL_BSP_MAX_QUEUE_SIZE),
    scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
    exportTimeoutMillis: config.OTEL_BSP_EXPORT_TIMEOUT,
  })
  const ids = createIdGenerator()
  const provider = new TracerProvider({
    sampler: createSampler(config),
    resource: resourceFromAttributes({
      'service.name': config.OTEL_SERVICE_NAME || service,
      'service.version': version,
      'service.namespace': 'quickticket',
      'service.instance.id': hostname(),
      ...parsePairs(config.OTEL_RESOURCE_ATTRIBUTES),
    }),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [counted.watch(processor)],
  })
  const tracer = provider.getTracer('quickticket', version)

  return {
    startRoot(trace, name, kind, { attributes, startedAt }) {
      ids.nextTraceId = trace.traceId
      const options = {
        kind: KINDS[kind],
        attributes,
        ...(startedAt !== undefined && { startTime: startedAt }),
      }
      return new RecordedSpan(tracer, tracer.startSpan(name, options, callerOf(trace)))
    },
    exportMetrics: counted.exportMetrics,
    async close() {
      const limit = AbortSignal.timeout(CLOSE_WITHIN_MS)
      const late = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()))
      await Promise.race([provider.shutdown().catch(() => undefined), late])
      counted.reportLoss()
    },
  }
}

class RecordedSpan implements ActiveSpan {
  readonly #tracer: Tracer
  readonly #span: Span
  #below: Context | undefined

  constructor(tracer: Tracer, span: Span) {
    this.#tracer = tracer
    this.#span = span
  }

  spanContext() {
    return this.#span.spanContext()
  }

  isRecording() {
    return this.#span.isRecording()
  }

  start(name: string, kind: SpanKindName, attributes: Attributes = {}): ActiveSpan {
    this.#below ??= traces.setSpan(ROOT_CONTEXT, this.#span)
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], attributes }, this.#below)
    return new RecordedSpan(this.#tracer, span)
  }

  set(attributes: Attributes) {
    this.#span.setAttributes(attributes)
  }

  event(name: string, attributes?: Attributes) {
    this.#span.addEvent(name, attributes)
  }

  fail(errorType: string) {
    this.#span.setAttribute('error.type', errorType)
    this.#span.setStatus({ code: SpanStatusCode.ERROR })
  }

  rename(name: string) {
    this.#span.updateName(name)
  }

  end() {
    this.#span.end()
  }
}

/** Log lines name the trace before its first span begins, so that its id is given. */
function createIdGenerator() {
  const random = new RandomIdGenerator()
  return {
    nextTraceId: '',
    generateTraceId() {
      return this.nextTraceId || random.generateTraceId()
    },
    generateSpanId: () => random.generateSpanId(),
  }
}

function callerOf({ traceId, parentSpanId, flags }: Trace): Context {
  if (parentSpanId === undefined) return ROOT_CONTEXT
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return traces.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentSpanId, traceFlags, isRemote: true })
}

function createSampler({
  OTEL_TRACES_SAMPLER: name,
  OTEL_TRACES_SAMPLER_ARG: share,
}: TracingConfig): Sampler {
  const root = rootSampler(name.replace('parentbased_', ''), share)
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

function rootSampler(name: string, share: number): Sampler {
  if (name === 'always_on') return new AlwaysOnSampler()
  if (name === 'always_off') return new AlwaysOffSampler()
  return new TraceIdRatioBasedSampler(share)
}
