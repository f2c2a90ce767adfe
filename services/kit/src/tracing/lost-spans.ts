import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'
import { Counter, type Registry } from 'prom-client'
import type { Log } from '../log.ts'

export interface CountOptions {
  service: string
  log: Log
  /** spans that may wait to be sent */
  maxQueued: number
}

const REPORT_EVERY_MS = 60_000

/**
 * Counts what becomes of spans: exported, failed (the collector did not take their batch), or dropped (the queue was full). A
 * loss is logged at once, then once a minute while it lasts.
 */
export function countSpans(exporter: SpanExporter, { service, log, maxQueued }: CountOptions) {
  const spans = { exported: 0, failed: 0, dropped: 0 }
  let queued = 0
  /** queued, or in a batch that has no answer yet */
  let pending = 0
  let reported = 0
  let reportedAt = Number.NEGATIVE_INFINITY
  let lastError: Error | undefined

  function report(): void {
    const lost = spans.failed + spans.dropped
    if (lost === reported || performance.now() - reportedAt < REPORT_EVERY_MS) return
    log.warn({ err: lastError, spans: lost - reported }, 'spans are lost: they cannot be exported')
    reported = lost
    reportedAt = performance.now()
  }

  function ended(result: ExportResult, count: number): void {
    pending -= count
    if (result.code === ExportResultCode.SUCCESS) {
      spans.exported += count
      return
    }
    spans.failed += count
    lastError = result.error
    report()
  }

  return {
    exporter: {
      export(batch: ReadableSpan[], done: (result: ExportResult) => void) {
        queued -= batch.length
        exporter.export(batch, (result) => {
          ended(result, batch.length)
          done(result)
        })
      },
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
      shutdown: () => exporter.shutdown(),
    } satisfies SpanExporter,

    /** Drops spans before the processor's queue is full, because the processor does not count what it drops. */
    watch(processor: SpanProcessor): SpanProcessor {
      return {
        onStart: (span, context) => processor.onStart(span, context),
        onEnd(span) {
          if (queued >= maxQueued) {
            spans.dropped++
            return report()
          }
          queued++
          pending++
          processor.onEnd(span)
        },
        forceFlush: () => processor.forceFlush(),
        shutdown: () => processor.shutdown(),
      }
    },

    exportMetrics(registry: Registry) {
      new Counter({
        name: `${service}_spans_total`,
        help: 'Spans by what became of them',
        labelNames: ['result'],
        registers: [registry],
        collect() {
          this.reset()
          for (const [result, count] of Object.entries(spans)) this.inc({ result }, count)
        },
      })
    },

    /** Counts what has no answer yet as failed, and logs what is not logged yet. */
    reportLoss() {
      spans.failed += pending
      pending = 0
      reportedAt = Number.NEGATIVE_INFINITY
      report()
    },
  }
}
