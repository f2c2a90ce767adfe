import { hostname } from 'node:os'
import { ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, trace as traces } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import { newSpanId, type Trace } from '../trace.ts'
import { createExporter } from './exporter.ts'
import { countSpans } from './lost-spans.ts'
import { parsePairs } from './pairs.ts'
import { RecordedSpan } from './recorded-span.ts'
import type { TracedService, Tracing } from './tracing.ts'
import type { TracingConfig } from './variables.ts'

const CLOSE_WITHIN_MS = 2000

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
  const sampler = createSampler(config)
  const origin = {
    scope: { name: 'quickticket', version },
    resource: resourceFromAttributes({
      'service.name': config.OTEL_SERVICE_NAME || service,
      'service.version': version,
      'service.namespace': 'quickticket',
      'service.instance.id': hostname(),
      ...parsePairs(config.OTEL_RESOURCE_ATTRIBUTES),
    }),
    processor: counted.watch(processor),
  }

  /** By the id and the caller only: the samplers look at nothing else. */
  function isSampled(traceId: string, parent: SpanContext | undefined): boolean {
    const context = parent ? traces.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    const { decision } = sampler.shouldSample(context, traceId, '', SpanKind.INTERNAL, {}, [])
    return decision === SamplingDecision.RECORD_AND_SAMPLED
  }

  return {
    startRoot(trace, name, kind, { attributes, startedAt = Date.now() }) {
      const parent = callerOf(trace)
      const traceFlags = isSampled(trace.traceId, parent) ? TraceFlags.SAMPLED : TraceFlags.NONE
      return new RecordedSpan(origin, {
        name,
        kind,
        attributes,
        context: { traceId: trace.traceId, spanId: newSpanId(), traceFlags },
        parent,
        startedMs: startedAt,
        clockMs: Date.now() - performance.now(),
      })
    },
    exportMetrics: counted.exportMetrics,
    async close() {
      const limit = AbortSignal.timeout(CLOSE_WITHIN_MS)
      const late = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()))
      await Promise.race([origin.processor.shutdown().catch(() => undefined), late])
      counted.reportLoss()
    },
  }
}

function callerOf({ traceId, parentSpanId, flags }: Trace): SpanContext | undefined {
  if (parentSpanId === undefined) return undefined
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return { traceId, spanId: parentSpanId, traceFlags, isRemote: true }
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
