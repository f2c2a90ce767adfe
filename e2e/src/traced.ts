import { randomBytes } from 'node:crypto'
import type { OtlpReceiver } from '@quickticket/testing/otlp-receiver'
import type { ReceivedSpan } from '@quickticket/testing/otlp-spans'
import { hasRedis } from '@quickticket/testing/store-servers'
import { drawTrace } from '@quickticket/testing/trace-tree'
import { eventually } from './eventually.ts'
import type { Environment } from './system.ts'

/** Variables of a service that sends its traces to `receiver`, soon after they have ended. */
export function tracesTo({ url }: Pick<OtlpReceiver, 'url'>): Environment {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  }
}

export interface Caller {
  traceId: string
  spanId: string
  headers: { traceparent: string }
}

/** A caller with a span of its own, which the receiver does not get. */
export function newCaller({ sampled = true, traceId = newId(16) } = {}): Caller {
  const spanId = newId(8)
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}` } }
}

export function spansOf({ spans }: OtlpReceiver, traceId: string): ReceivedSpan[] {
  return spans.filter((span) => span.traceId === traceId)
}

/**
 * Waits until a trace is this tree.
 *
 * @param tree as `drawTrace` draws it, indented as its test is
 */
export function expectTree(receiver: OtlpReceiver, traceId: string, tree: string, shown: string[] = []) {
  return eventually(() => drawTrace(spansOf(receiver, traceId), shown), asDrawn(tree))
}

/** Spans whose parent is neither in the same trace nor a caller's. */
export function orphans(spans: ReceivedSpan[], callers: Caller[] = []): ReceivedSpan[] {
  const known = new Set([...spans, ...callers].map(({ traceId, spanId }) => traceId + spanId))
  return spans.filter(
    ({ traceId, parentSpanId }) => parentSpanId !== undefined && !known.has(traceId + parentSpanId),
  )
}

function newId(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}

/** A tree as `drawTrace` draws it here: without indentation of its own, and without scripts where there is no Redis. */
export function asDrawn(tree: string): string {
  const isThere = (line: string) => line.trim() !== '' && (hasRedis || !line.includes(' EVALSHA '))
  const lines = tree.split('\n').filter(isThere)
  const indentation = Math.min(...lines.map((line) => line.search(/\S/)))
  return lines.map((line) => line.slice(indentation)).join('\n')
}
