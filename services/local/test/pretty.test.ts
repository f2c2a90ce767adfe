import { expect, test } from 'vitest'
import { createPretty } from '../src/pretty.ts'

const pretty = createPretty(false)

function line(entry: Record<string, unknown>): string {
  return `${JSON.stringify({ level: 'INFO', time: '2026-01-01T00:00:00.000Z', service: 'events', ...entry })}\n`
}

test('a request is one line with its status, duration and request id', () => {
  const text = pretty(
    'events',
    line({ msg: 'GET /events', status: 200, duration_ms: 1.5, request_id: 'abc' }),
  )
  expect(text).toMatch(
    /^\[\d\d:\d\d:\d\d\.000\] INFO .* events +GET \/events 200 1\.5 ms .*"request_id":"abc".*\n$/,
  )
  expect(text.trimEnd()).not.toContain('\n')
})

test('what a client has sent can neither begin a line nor drive the terminal', () => {
  const text = pretty('events', line({ msg: 'GET /\n[2J\u001b]0;forged', path: '/\u001b[31m' }))
  expect(text).toContain('GET /\\u000a[2J\\u001b]0;forged')
  expect(text.match(/\p{Cc}/gu)).toEqual(['\n'])
})

test('lines that are no JSON keep their text and get their origin', () => {
  expect(pretty('gateway', 'Error: boom\n    at main\n')).toBe(
    'gateway       Error: boom\ngateway           at main\n',
  )
})
