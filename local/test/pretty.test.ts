import { expect, test } from 'vitest'
import { createPretty } from '../src/pretty.ts'

const pretty = createPretty(false)

function line(entry: Record<string, unknown>): string {
  return `${JSON.stringify({ level: 'INFO', time: '2026-01-01T00:00:00.000Z', service: 'events', ...entry })}\n`
}

test('a request is one line with its status, duration and the beginning of its id', () => {
  const text = pretty(
    'events',
    line({ msg: 'GET /events', status: 200, duration_ms: 1.5, request_id: '0123456789abcdef' }),
  )
  expect(text).toMatch(/^\[\d\d:\d\d:\d\d\.000\] INFO .* events +GET \/events 200 1\.5 ms id=01234567\n$/)
})

test('no line is wider than the terminal', () => {
  const uuid = '7255d121-1201-4558-916b-cd691d11be03'
  const text = pretty(
    'events',
    [
      line({ msg: `POST /reservations/${uuid}/checkout`, request_id: 'a'.repeat(32), reservation_id: uuid }),
      line({ msg: `GET /${'long/'.repeat(100)}`, request_id: 'b' }),
      line({ msg: 'up', change: 'x'.repeat(200), rest: 1 }),
    ].join(''),
  )
  const lines = text.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  for (const each of lines) expect(each.length).toBeLessThanOrEqual(120)
  expect(lines[0]).toContain('POST /reservations/7255d121…/checkout id=aaaaaaaa reservation_id=7255d121…')
  expect(lines[2]).toMatch(/ up rest=1$/)
})

test('why a request failed is in its line, without a stack', () => {
  const ids = { level: 'ERROR', service: 'gateway', request_id: 'a6b07e025f414555' }
  const err = {
    type: 'ChargeRefused',
    message: 'payments answered 500',
    stack: 'ChargeRefused\n    at charge',
    status: 500,
  }
  const text =
    pretty('gateway', line({ ...ids, msg: 'Payment failed', error: 'payment_failed', err })) +
    pretty('gateway', line({ ...ids, msg: 'POST /reserve/{id}/pay', status: 500, duration_ms: 14 }))
  expect(text.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/pay 500 14 ms: payments answered 500 id=a6b07e02$/),
  ])
})

test('an error of no request is told by its message', () => {
  const err = { type: 'Error', message: 'connect ECONNREFUSED', stack: 'Error: …\n    at connect' }
  const text = pretty('events', line({ level: 'ERROR', msg: 'could not start', err }))
  expect(text).toMatch(/could not start: connect ECONNREFUSED\n$/)
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
