import { SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { get, type RequestOptions, request } from '../src/http.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { expectProblem } from '../src/problem.ts'
import { sendRaw } from '../src/raw-http.ts'
import { createShop } from '../src/shop.ts'
import type { System } from '../src/system.ts'

let system: System
/** a reservation that is not paid */
let held: string

beforeAll(async () => {
  system = await startLocalSystem()
  held = (await createShop(system.url.gateway).reserved(1)).reservation_id
})
afterAll(() => system.close())

type BadRequest = [what: string, status: number, method: string, path: string, options?: RequestOptions]

const JSON_TYPE = { 'content-type': 'application/json' }
const body = (text: string | Buffer, headers: RequestOptions['headers'] = JSON_TYPE): RequestOptions => ({
  body: text,
  headers,
})
const quantity = (what: string, value: string): BadRequest => [
  `a quantity that is ${what}`,
  400,
  'POST',
  '/events/1/reserve',
  body(`{"quantity":${value}}`),
]
const reserve = (what: string, status: number, options: RequestOptions): BadRequest => [
  what,
  status,
  'POST',
  '/events/1/reserve',
  options,
]

const TICKETS: BadRequest[] = [
  quantity('a text', '"2"'),
  quantity('a fraction', '1.5'),
  quantity('null', 'null'),
  quantity('true', 'true'),
  quantity('a list', '[1]'),
  quantity('an object', '{"valueOf":1}'),
  quantity('zero', '0'),
  quantity('negative', '-1'),
  quantity('eleven', '11'),
  quantity('larger than any integer', '99999999999999999999999999'),
  quantity('larger than any number', '1e400'),
  quantity('very small', '-1e308'),
  quantity('a digit of another script', '"２"'),
  quantity('given twice, the second time wrongly', '1,"quantity":"x"'),
  quantity('nested 20,000 levels deep', '['.repeat(20_000) + ']'.repeat(20_000)),
  reserve('JSON that ends too early', 400, body('{"quantity":')),
  reserve('JSON with single quotes', 400, body("{'quantity':1}")),
  reserve('JSON with something after it', 400, body('{"quantity":1}}')),
  reserve('a body that is no JSON at all', 400, body('quantity=1')),
  reserve('a body of null bytes', 400, body(Buffer.alloc(16))),
  reserve('a body of invalid UTF-8', 400, body(Buffer.from([0x22, 0xff, 0xfe, 0x22]))),
  reserve('a body in UTF-16', 400, body(Buffer.from('{"quantity":1}', 'utf16le'))),
  reserve('a body that claims to be compressed', 400, {
    body: 'no gzip',
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
  }),
  reserve('a list as body', 400, body('[]')),
  reserve('a text as body', 400, body('"quantity"')),
  reserve('a number as body', 400, body('1')),
  reserve('null as body', 400, body('null')),
  reserve('an empty body', 400, body('')),
  reserve('no body', 400, {}),
  reserve('a body larger than 64 KiB', 413, body(`{"quantity":1,"x":"${'x'.repeat(65_536)}"}`)),
  reserve('a body of a megabyte', 413, body('x'.repeat(1_000_000))),
  reserve('plain text', 415, body('{"quantity":1}', { 'content-type': 'text/plain' })),
  reserve('a form', 415, body('quantity=1', { 'content-type': 'application/x-www-form-urlencoded' })),
  reserve('a multipart form', 415, body('--x--', { 'content-type': 'multipart/form-data; boundary=x' })),
  reserve('XML', 415, body('<quantity>1</quantity>', { 'content-type': 'application/xml' })),
  reserve('an unknown media type', 415, body('{}', { 'content-type': 'application/x-nonsense' })),
  reserve('a media type that is none', 415, body('{}', { 'content-type': ';;;' })),
  reserve('no media type', 415, body('{"quantity":1}', {})),
  ['an id that is no number', 422, 'GET', '/events/abc'],
  ['an id with a fraction', 422, 'GET', '/events/1.5'],
  ['an id with an exponent', 422, 'GET', '/events/1e1'],
  ['an id of 30 digits', 422, 'GET', `/events/${'9'.repeat(30)}`],
  ['an id that no event can have', 404, 'GET', '/events/999999999999'],
  ['a negative id', 404, 'GET', '/events/-1'],
  ['an id of 5,000 digits', 414, 'GET', `/events/${'1'.repeat(5000)}`],
  ['an id with SQL in it', 422, 'GET', '/events/1%3BDROP%20TABLE%20orders'],
  ['an id with a null byte', 422, 'GET', '/events/1%00'],
  ['an id with a newline', 422, 'GET', '/events/1%0a'],
  ['an id with an emoji', 422, 'GET', '/events/%F0%9F%8E%AB'],
  ['an id with Arabic digits', 422, 'GET', '/events/%D9%A1'],
  ['a path of invalid UTF-8', 400, 'GET', '/events/%ff'],
  ['a path with half a surrogate pair', 400, 'GET', '/events/%ED%A0%80'],
  ['a path with a broken percent-encoding', 400, 'GET', '/events/%zz'],
  ['a path that ends in a percent sign', 400, 'GET', '/events/%'],
  ['the name of a prototype as id', 422, 'GET', '/events/__proto__'],
  ['an unknown event', 404, 'POST', '/events/777/reserve', body('{"quantity":1}')],
  ['a reservation for no event', 422, 'POST', '/events/x/reserve', body('{"quantity":1}')],
]

const ANYWHERE: BadRequest[] = [
  ['an unknown path', 404, 'GET', '/admin'],
  ['a path of prototypes', 404, 'GET', '/__proto__/constructor'],
  ['a path above the root', 404, 'GET', '/../../../../etc/passwd'],
  ['a path above the root, encoded', 404, 'GET', '/%2e%2e/%2e%2e/etc/passwd'],
  ['a path above the root, with encoded slashes', 404, 'GET', '/..%2f..%2fetc%2fpasswd'],
  ['a path out of the documentation', 404, 'GET', '/docs/static/../../package.json'],
  ['a path out of the documentation, encoded', 404, 'GET', '/docs/static/%2e%2e%2f%2e%2e%2fpackage.json'],
  ['a path out of the documentation, with a null byte', 404, 'GET', '/docs/static/index.html%00.js'],
  ['a path with backslashes', 404, 'GET', '/..\\..\\windows\\win.ini'],
  ['a path of slashes', 404, 'GET', '//////'],
  ['a path of 8,000 letters', 404, 'GET', `/${'a'.repeat(8000)}`],
  ['a wrong method', 405, 'DELETE', '/health'],
  ['a method for files', 405, 'PROPFIND', '/health'],
  ['a method that echoes', 405, 'TRACE', '/health'],
  ['repeated request ids', 404, 'GET', '/admin', { headers: { 'x-request-id': ['a', 'b'] } }],
  ['an endless request id', 404, 'GET', '/admin', { headers: { 'x-request-id': 'a'.repeat(5000) } }],
  ['a repeated trace', 404, 'GET', '/admin', { headers: { traceparent: ['00-x', '00-y'] } }],
  ['a hundred repeated headers', 404, 'GET', '/admin', { headers: { accept: Array(100).fill('text/html') } }],
  [
    'a repeated media type',
    404,
    'POST',
    '/admin',
    { headers: { 'content-type': ['a/b', 'c/d'] }, body: 'x' },
  ],
]

const RESERVATIONS: [what: string, id: string, status: number][] = [
  ['that was never made', '00000000-0000-0000-0000-000000000000', 404],
  ['with a null byte', '%00', 422],
  ['with SQL in it', "'%20OR%201=1%20--", 404],
  ['with a slash', 'a%2Fb', 404],
  ['with a newline', 'a%0Ab', 404],
  ['with an emoji', '%F0%9F%8E%AB', 404],
  ['with the name of a prototype', '__proto__', 404],
  ['of 101 characters', 'a'.repeat(101), 414],
  ['of 5,000 characters', 'a'.repeat(5000), 414],
  ['that is empty', '', 422],
  ['of invalid UTF-8', '%ff', 400],
]

const CHARGES: [what: string, body: string][] = [
  ['nothing', '{}'],
  ['no amount', '{"reservation_id":"r"}'],
  ['no reservation', '{"amount":1}'],
  ['an amount as text', '{"reservation_id":"r","amount":"1"}'],
  ['a negative amount', '{"reservation_id":"r","amount":-1}'],
  ['a fraction of a cent', '{"reservation_id":"r","amount":0.5}'],
  ['an amount larger than any number', '{"reservation_id":"r","amount":1e999}'],
  ['null as amount', '{"reservation_id":"r","amount":null}'],
  ['a number as reservation', '{"reservation_id":1,"amount":1}'],
  ['an empty reservation', '{"reservation_id":"","amount":1}'],
  ['an endless reservation', `{"reservation_id":"${'r'.repeat(1000)}","amount":1}`],
  ['a list', '[]'],
  ['half of it', '{"reservation_id":"r"'],
]

const NOTIFICATIONS: [what: string, body: string][] = [
  ['nothing', '{}'],
  ['no order', '{"event":"order_confirmed"}'],
  ['a number as order', '{"event":"order_confirmed","order_id":1}'],
  ['an empty event', '{"event":"","order_id":"o"}'],
  ['an endless order', `{"event":"e","order_id":"${'o'.repeat(1000)}"}`],
  ['half of it', '{"event"'],
]

const REFERENCES: [what: string, body: string][] = [
  ['nothing', '{}'],
  ['a number', '{"payment_ref":1}'],
  ['an empty text', '{"payment_ref":""}'],
  ['an endless text', `{"payment_ref":"${'P'.repeat(1000)}"}`],
  ['a null byte', '{"payment_ref":"PAY-\\u0000"}'],
  ['half of it', '{"payment_ref":'],
]

describe.each(['gateway', 'events'] as const)('%s', (service) => {
  test.for(TICKETS)('%s: %i', async ([, status, method, path, options]) => {
    expectProblem(await request(method, system.url[service] + path, options), status)
  })
})

describe.each(SERVICES)('%s', (service) => {
  test.for(ANYWHERE)('%s: %i', async ([, status, method, path, options]) => {
    expectProblem(await request(method, system.url[service] + path, options), status)
  })

  test.for(NOT_HTTP())('%s: %i', async ([, status, bytes]) => {
    expectProblem(await sendRaw(system.url[service], bytes), status)
  })
})

test.for(RESERVATIONS)('paying a reservation %s', async ([, id, status]) => {
  expectProblem(await request('POST', `${system.url.gateway}/reserve/${id}/pay`), status)
  const confirming = request(
    'POST',
    `${system.url.events}/reservations/${id}/confirm`,
    body('{"payment_ref":"P"}'),
  )
  expectProblem(await confirming, status)
})

test.for(REFERENCES)('confirming with %s as reference', async ([, text]) => {
  expectProblem(await request('POST', `${system.url.events}/reservations/${held}/confirm`, body(text)), 400)
})

test.for(CHARGES)('charging %s', async ([, text]) => {
  expectProblem(await request('POST', `${system.url.payments}/charge`, body(text)), 400)
})

test.for(['', 'k'.repeat(1000)])('charging with the idempotency key "%s"', async (key) => {
  const options = body('{"reservation_id":"r","amount":1}', { ...JSON_TYPE, 'idempotency-key': key })
  expectProblem(await request('POST', `${system.url.payments}/charge`, options), 400)
})

test.for(NOTIFICATIONS)('notifying of %s', async ([, text]) => {
  expectProblem(await request('POST', `${system.url.notifications}/notify`, body(text)), 400)
})

test('afterwards every service is well, and none of it was an error of theirs', async () => {
  for (const service of SERVICES) {
    expect((await get(`${system.url[service]}/health`)).status).toBe(200)
    const lines = system.logs(service)
    expect(lines.filter(({ json }) => json === undefined || json.level === 'ERROR')).toEqual([])
  }
})

function NOT_HTTP(): [what: string, status: number, bytes: string | Buffer][] {
  const get = (rest: string, path = '/version') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${rest}\r\n\r\n`
  const post = (headers: string, rest: string) =>
    `POST /admin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${rest}`
  return [
    ['bytes of another protocol', 400, Buffer.from('160301020001000001fc0303', 'hex')],
    ['a line of text', 400, 'hello\r\n\r\n'],
    ['the start of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown method', 400, 'BREW /version HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a tunnel', 405, 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n'],
    ['no version of HTTP', 400, 'GET /version\r\n\r\n'],
    ['no host', 400, 'GET /version HTTP/1.1\r\n\r\n'],
    ['a space in the path', 400, get('Accept: */*', '/version and more')],
    ['a null byte in the path', 400, get('Accept: */*', '/version\0')],
    ['a null byte in a header', 400, get('X-Test: a\0b')],
    ['a space in the name of a header', 400, get('X Test: 1')],
    ['a line break in a header', 400, get('X-Request-Id: a\nGET /events HTTP/1.1')],
    ['headers of 40 KiB', 431, get(`X-Test: ${'a'.repeat(40_000)}`)],
    ['a URL of 40 KiB', 431, get('Accept: */*', `/${'a'.repeat(40_000)}`)],
    ['two different lengths', 400, post('Content-Length: 2\r\nContent-Length: 3', '{}')],
    ['a negative length', 400, post('Content-Length: -1', '{}')],
    ['a length beside chunks', 400, post('Content-Length: 2\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['chunks without a size', 400, post('Transfer-Encoding: chunked', 'zz\r\n{}\r\n')],
    ['an unknown transfer encoding', 400, post('Transfer-Encoding: zip', '{}')],
    ['less body than announced', 400, post('Content-Length: 100', '{"quantity":')],
  ]
}
