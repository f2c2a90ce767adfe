import type { IncomingMessage } from 'node:http'
import { captureLog } from '@quickticket/testing/captured-log'
import { describe, expect, test } from 'vitest'
import { traceHeaders, traceOf } from '../src/trace.ts'
import { exampleApp } from './example-app.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`

const trace = (headers: Record<string, string | string[]> = {}) => traceOf({ headers } as IncomingMessage)

describe('traceparent', () => {
  test('is continued when it is well-formed', () => {
    expect(trace({ traceparent: PARENT })).toEqual({
      requestId: TRACE,
      traceId: TRACE,
      flags: '01',
      parentSpanId: '00f067aa0ba902b7',
    })
    expect(trace({ traceparent: PARENT.replace(/01$/, '00') }).flags).toBe('00')
  })

  test('may be of a later version that says more', () => {
    expect(trace({ traceparent: `cc-${TRACE}-00f067aa0ba902b7-01-what-comes` }).traceId).toBe(TRACE)
  })

  test.each([
    ['', 'empty'],
    ['nonsense', 'not one at all'],
    [PARENT.toUpperCase(), 'in upper case'],
    [PARENT.slice(0, -1), 'cut off'],
    [`${PARENT}0`, 'too long'],
    [PARENT.replace(/^00/, 'ff'), 'of the forbidden version'],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, 'without a trace'],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, 'without a parent'],
    [`${PARENT}\r\nx: y`, 'with a line of its own'],
    [`${PARENT}, ${PARENT}`, 'sent twice'],
    [`${PARENT}-${'x'.repeat(129)}`, 'so long that its id would keep much of it in memory'],
  ])('%j is replaced: it is %s', (traceparent) => {
    const { traceId } = trace({ traceparent })
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(traceId).not.toBe(TRACE)
  })
})

describe('x-request-id', () => {
  test.each(['a', 'order-1:2.3_x', 'f'.repeat(128)])('%s is kept', (id) => {
    expect(trace({ 'x-request-id': id, traceparent: PARENT })).toMatchObject({
      requestId: id,
      traceId: TRACE,
    })
  })

  test.each(['', ' ', 'a b', 'a\nb', '{"x":1}', '"', '<script>', 'é', 'a, b', 'f'.repeat(129), '\u001b[31m'])(
    '%j is replaced by the trace id',
    (id) => {
      expect(trace({ 'x-request-id': id, traceparent: PARENT }).requestId).toBe(TRACE)
    },
  )
})

test('a request keeps its ids', () => {
  const request = { headers: {} } as IncomingMessage
  expect(traceOf(request)).toBe(traceOf(request))
  expect(traceOf({ headers: {} } as IncomingMessage)).not.toEqual(traceOf(request))
})

test('the next service gets the same request and trace, and a parent of its own', () => {
  const ids = trace({ traceparent: PARENT, 'x-request-id': 'r-1' })
  const sent = traceHeaders(ids)
  expect(sent).toEqual({
    'x-request-id': 'r-1',
    traceparent: expect.stringMatching(new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`)),
  })
  const parentSpanId = sent.traceparent?.split('-')[2]
  expect(trace(sent)).toEqual({ ...ids, parentSpanId })
})

test('every line about a request, and its answer, carry its ids', async () => {
  const captured = captureLog()
  const app = exampleApp({ log: captured.log })
  const answer = await app.inject({ url: '/broken', headers: { traceparent: PARENT, 'x-request-id': 'r-1' } })
  await captured.until((line) => line.msg === 'GET /broken')
  expect(captured.lines()).toHaveLength(2)
  for (const line of captured.lines()) expect(line).toMatchObject({ request_id: 'r-1', trace_id: TRACE })
  expect(answer.headers['x-request-id']).toBe('r-1')
  await app.close()
})
