import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { BatchSpanProcessor, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import { captureLog } from '@quickticket/testing/captured-log'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { countSpans } from '../src/tracing/lost-spans.ts'

const TAKEN: ExportResult = { code: ExportResultCode.SUCCESS }
const REFUSED: ExportResult = { code: ExportResultCode.FAILED, error: new Error('503') }

/** A tracer whose batches wait in `batches` until the test answers them. */
function startTracer(maxQueued: number) {
  const { log, lines } = captureLog()
  const batches: { spans: ReadableSpan[]; answer: (result: ExportResult) => void }[] = []
  const exporter = {
    export: (spans: ReadableSpan[], answer: (result: ExportResult) => void) =>
      void batches.push({ spans, answer }),
    shutdown: async () => {},
  }
  const counted = countSpans(exporter, { service: 'example', log, maxQueued })
  const processor = new BatchSpanProcessor({
    exporter: counted.exporter,
    maxQueueSize: maxQueued,
    maxExportBatchSize: 1,
  })
  const tracer = new TracerProvider({ spanProcessors: [counted.watch(processor)] }).getTracer('test')
  const registry = new Registry()
  counted.exportMetrics(registry)
  return {
    batches,
    counted,
    endSpan: () => tracer.startSpan('work').end(),
    losses: () => lines().map(({ spans }) => spans),
    async counts() {
      const [metric] = await registry.getMetricsAsJSON()
      return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels.result, value]))
    },
  }
}

test('a span is exported when its batch was taken, failed when not, and dropped when the queue is full', async () => {
  const { batches, endSpan, counts } = startTracer(2)
  // one in a batch under way, two in the queue, and two too many
  for (let i = 0; i < 5; i++) endSpan()
  expect(await counts()).toEqual({ exported: 0, failed: 0, dropped: 2 })
  batches[0]?.answer(TAKEN)
  await vi.waitUntil(() => batches.length === 2)
  batches[1]?.answer(REFUSED)
  await vi.waitUntil(() => batches.length === 3)
  expect(await counts()).toEqual({ exported: 1, failed: 1, dropped: 2 })
})

test('a loss is logged at once, and then what was lost since, a minute later', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { endSpan, losses } = startTracer(1)
  for (let i = 0; i < 5; i++) endSpan()
  expect(losses()).toEqual([1])
  vi.advanceTimersByTime(59_000)
  endSpan()
  expect(losses()).toEqual([1])
  vi.advanceTimersByTime(1000)
  endSpan()
  expect(losses()).toEqual([1, 4])
})

test('at the end, spans without an answer are lost', async () => {
  const { counted, endSpan, losses, counts } = startTracer(10)
  for (let i = 0; i < 3; i++) endSpan()
  counted.reportLoss()
  expect(losses()).toEqual([3])
  expect(await counts()).toEqual({ exported: 0, failed: 3, dropped: 0 })
})
