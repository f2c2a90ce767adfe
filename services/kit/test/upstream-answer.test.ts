import { expect, test } from 'vitest'
import { checkAnswer, parseAnswer } from '../src/upstream-answer.ts'

const PROBLEM = 'application/problem+json; charset=utf-8'

function answer(status: number, contentType: string, body = '{}') {
  return { status, contentType, retryAfter: undefined, date: undefined, body: Buffer.from(body) }
}

test.each([
  [200, 'application/json'],
  [200, 'Application/JSON;charset=utf-8'],
  [200, 'application/json ; charset=utf-8'],
  [400, PROBLEM],
  [404, 'application/json'],
  [599, PROBLEM],
])('%i with %s is an answer', (status, contentType) => {
  expect(checkAnswer('events', answer(status, contentType)).status).toBe(status)
})

test.each([
  [199, 'application/json'],
  [201, 'application/json'],
  [204, ''],
  [302, 'application/json'],
  [600, 'application/json'],
  [999, 'application/json'],
  [200, ''],
  [200, 'text/html'],
  [200, 'application/jsonp'],
  [200, 'text/html; application/json'],
  [200, 'application/json;\x01'],
  [200, `application/json;${'a'.repeat(1000)}`],
  [503, 'text/html'],
])('%i with %j is none', (status, contentType) => {
  expect(() => checkAnswer('events', answer(status, contentType))).toThrow(
    expect.objectContaining({ message: 'events: invalid', failure: 'invalid' }),
  )
})

test.each([401, 407])('%i means that our credentials are refused', (status) => {
  expect(() => checkAnswer('events', answer(status, PROBLEM))).toThrow(
    expect.objectContaining({
      failure: 'refused',
      cause: expect.objectContaining({ message: expect.stringContaining('SERVICE_TOKEN') }),
    }),
  )
})

test('the body of an answer is parsed when it has the right shape', () => {
  const isValid = (body: { a: number }) => body.a === 1
  expect(parseAnswer('events', answer(200, 'application/json', '{"a":1}'), isValid)).toEqual({ a: 1 })
  for (const body of ['{"a":2}', '[]', '1', 'null', '"a"', '', '{'])
    expect(() => parseAnswer('events', answer(200, 'application/json', body), isValid)).toThrow(
      'events: invalid',
    )
})
