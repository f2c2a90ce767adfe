import { TraceFlags } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { RecordedSpan } from '../src/tracing/recorded-span.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const CALLER = { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', traceFlags: TraceFlags.SAMPLED }

function startRoot({ attributes = {}, traceFlags = TraceFlags.SAMPLED as TraceFlags } = {}) {
  const exported: ReadableSpan[] = []
  const origin = {
    resource: resourceFromAttributes({ 'service.name': 'example' }),
    scope: { name: 'test' },
    processor: {
      onStart: () => {},
      onEnd: (span: ReadableSpan) => void exported.push(span),
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  }
  const root = new RecordedSpan(origin, {
    name: 'GET /things',
    kind: 'server',
    attributes,
    context: { traceId: TRACE_ID, spanId: '00f067aa0ba902b7', traceFlags },
    parent: CALLER,
    startedMs: Date.now(),
    clockMs: Date.now() - performance.now(),
  })
  return { root, exported }
}

test('a span below another has its trace, its parent, and times within it', () => {
  const { root, exported } = startRoot()
  const call = root.start('GET /parts', 'client')
  call.end()
  root.end()
  const [child, parent] = exported
  expect(child?.spanContext()).toMatchObject({
    traceId: TRACE_ID,
    spanId: expect.stringMatching(/^[\da-f]{16}$/),
  })
  expect(child?.parentSpanContext).toEqual(root.spanContext())
  expect(parent?.parentSpanContext).toEqual(CALLER)
  expect(nanoseconds(child?.startTime)).toBeGreaterThanOrEqual(nanoseconds(parent?.startTime))
  expect(nanoseconds(child?.endTime)).toBeLessThanOrEqual(nanoseconds(parent?.endTime))
})

test('a long text is cut, what is undefined is left out, and what the caller passed stays as it was', () => {
  const attributes = { 'url.path': 'x'.repeat(3000), 'url.scheme': 'http', absent: undefined }
  const { root, exported } = startRoot({ attributes })
  root.fail('500')
  root.end()
  expect(exported[0]?.attributes).toStrictEqual({
    'url.path': 'x'.repeat(2048),
    'url.scheme': 'http',
    'error.type': '500',
  })
  expect(attributes['url.path']).toHaveLength(3000)
  expect(attributes).not.toHaveProperty('error.type')
})

test('a span that has ended is exported once, and keeps nothing that comes later', () => {
  const { root, exported } = startRoot()
  root.end()
  root.set({ late: true })
  root.event('late')
  root.fail('late')
  root.end()
  expect(exported).toHaveLength(1)
  expect(exported[0]).toMatchObject({ attributes: {}, events: [], status: { code: 0 } })
})

test('nothing of a trace that is not sampled is kept, and its ids go on', () => {
  const { root, exported } = startRoot({ traceFlags: TraceFlags.NONE, attributes: { 'url.path': '/things' } })
  const call = root.start('GET /parts', 'client')
  call.end()
  root.end()
  expect(root.attributes).toEqual({})
  expect(call.spanContext()).toMatchObject({ traceId: TRACE_ID, traceFlags: TraceFlags.NONE })
  expect(exported).toEqual([])
})

function nanoseconds([seconds, nanos]: [number, number] = [Number.NaN, Number.NaN]): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
}
