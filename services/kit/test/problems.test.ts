import { captureLog } from '@quickticket/testing/captured-log'
import { listen, sendRaw } from '@quickticket/testing/raw-http'
import { afterAll, describe, expect, test } from 'vitest'
import { Problem, problemBody, unavailable } from '../src/problem.ts'
import { exampleApp } from './example-app.ts'

const captured = captureLog()
const app = exampleApp({ log: captured.log })
afterAll(() => app.close())

const json = { 'content-type': 'application/json' }
const post = (payload: string | Buffer, headers: Record<string, string> = json) =>
  app.inject({ method: 'POST', url: '/things', headers, payload })

test('a problem says what it is, in the words of its thrower', async () => {
  const answer = await app.inject({ url: '/gone', headers: { 'x-request-id': 'r-1' } })
  expect(answer.statusCode).toBe(410)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'x-request-id': 'r-1',
    'x-more': 'yes',
  })
  expect(answer.json()).toEqual({
    type: '/docs/errors#gone',
    title: 'Gone',
    status: 410,
    detail: 'It was here',
    error: 'gone',
    request_id: 'r-1',
    // the client chose an id of its own
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    since: 'today',
  })
})

test('what a handler throws by mistake is a 500 that tells the client nothing, and the log everything', async () => {
  const answer = await app.inject({ url: '/broken', headers: { 'x-request-id': 'r-2' } })
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toMatchObject({ error: 'internal_error', detail: 'Internal Server Error' })
  expect(answer.payload).not.toMatch(/secret|SELECT| at |\.ts/)
  const logged = await captured.until((line) => line.msg === 'unexpected error')
  expect(logged).toMatchObject({
    level: 'ERROR',
    request_id: 'r-2',
    err: { message: 'secret: SELECT password FROM users', stack: expect.stringContaining('example-app.ts') },
  })
})

test('an answer that breaks its own schema is a 500', async () => {
  const answer = await app.inject('/wrong-shape')
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toMatchObject({ error: 'internal_error', detail: 'Internal Server Error' })
})

describe('what the client did wrong is 4xx', () => {
  test.each([
    ['malformed JSON', '{"name":', 400, 'malformed_json'],
    ['no body', '', 400, 'invalid_body'],
    ['null', 'null', 400, 'invalid_body'],
    ['an array', '[]', 400, 'invalid_body'],
    ['a missing field', '{}', 400, 'invalid_body'],
    ['a number where a text should be', '{"name":1}', 400, 'invalid_body'],
    ['a text where a number should be', '{"name":"a","count":"2"}', 400, 'invalid_body'],
    ['half a thing', '{"name":"a","count":1.5}', 400, 'invalid_body'],
    ['a number out of range', '{"name":"a","count":0}', 400, 'invalid_body'],
  ])('%s', async (_what, body, status, error) => {
    const answer = await post(body)
    expect(answer.json()).toMatchObject({ status, error })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  test.each([
    '{"name":"a","__proto__":{"admin":true}}',
    '{"name":"a","__proto__":1}',
    '{"name":"a","constructor":{"prototype":{"admin":true}}}',
  ])('a prototype is a field that is not known: %s', async (body) => {
    const answer = await post(body)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({ name: 'a' })
  })

  test('the detail names the field', async () => {
    expect((await post('{"name":"a","count":0}')).json().detail).toBe('count must be >= 1')
  })

  test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'nonsense'])(
    'a body as %s is an unsupported media type',
    async (type) => {
      const answer = await post('name=a', { 'content-type': type })
      expect(answer.json()).toMatchObject({ status: 415, error: 'unsupported_media_type' })
    },
  )

  test('a body above 64 KiB is too large, one of just 64 KiB is not', async () => {
    const frame = '{"name":""}'.length
    const fits = await post(JSON.stringify({ name: 'a'.repeat(65_536 - frame) }))
    expect(fits.statusCode).toBe(200)
    const answer = await post(JSON.stringify({ name: 'a'.repeat(65_537 - frame) }))
    expect(answer.json()).toMatchObject({ status: 413, error: 'body_too_large' })
  })

  test('an id of the wrong shape is 422', async () => {
    const answer = await app.inject('/things/abc')
    expect(answer.json()).toMatchObject({ status: 422, error: 'invalid_path' })
  })

  test.each(['/nothing', '/things/1/2', '/Things', '/../etc/passwd', '//things'])(
    '%s is not found',
    async (url) => {
      expect((await app.inject(url)).json()).toMatchObject({ status: 404, error: 'not_found' })
    },
  )

  test('a known path with another method is 405 and says which are allowed', async () => {
    const answer = await app.inject({ method: 'DELETE', url: '/things?a=b' })
    expect(answer.json()).toMatchObject({ status: 405, error: 'method_not_allowed' })
    expect(String(answer.headers.allow).split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST'])
    expect((await app.inject({ method: 'PUT', url: '/things/1' })).statusCode).toBe(405)
    const query = await app.inject({ method: 'QUERY' as 'GET', url: '/things' })
    expect(query.json()).toMatchObject({ status: 405, error: 'method_not_allowed' })
  })

  test('a URL that cannot be decoded is 400', async () => {
    const answer = await app.inject('/things/%E0%A4%A')
    expect(answer.json()).toMatchObject({
      status: 400,
      error: 'bad_url',
      request_id: answer.headers['x-request-id'],
    })
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  test('a part of the URL that is too long is 414', async () => {
    const answer = await app.inject(`/things/${'1'.repeat(200)}`)
    expect(answer.json()).toMatchObject({ status: 414, error: 'url_too_long' })
  })
})

test('what is not even HTTP is answered too, and the connection ends', async () => {
  const { port } = await listen(app)
  const garbage = await sendRaw(port, 'GARBAGE\r\n\r\n')
  expect(garbage).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(garbage).toContain('content-type: application/problem+json')
  expect(bodyOf(garbage)).toMatchObject({
    status: 400,
    error: 'bad_request',
    detail: expect.stringMatching(/./),
  })
  const tooMuch = await sendRaw(port, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
  expect(bodyOf(tooMuch)).toMatchObject({ status: 431, error: 'headers_too_large' })
})

test('the body of a problem can be written without an application', () => {
  expect(problemBody(new Problem(418, 'teapot', 'Short and stout'), 'r')).toMatchObject({
    title: "I'm a Teapot",
    status: 418,
  })
  expect(problemBody(new Problem(599, 'odd', 'Odd'), 'r').title).toBe('Error')
})

test('an answer that asks for a retry has a Retry-After header', () => {
  expect(unavailable('busy', 'Busy', new Error('why'))).toMatchObject({
    status: 503,
    code: 'busy',
    headers: { 'retry-after': '1' },
    cause: new Error('why'),
  })
})

function bodyOf(response: string): unknown {
  return JSON.parse(response.slice(response.indexOf('\r\n\r\n') + 4))
}
