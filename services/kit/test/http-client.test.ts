import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { freePort } from '@quickticket/testing/free-port'
import {
  clientOf,
  GET,
  listenForTest,
  rawUpstreamOf,
  serve,
  upstreamOf,
  urlOf,
} from '@quickticket/testing/upstream-servers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createUpstream, UpstreamError } from '../src/http-client.ts'

test('an answer of any status is an answer', async () => {
  const { upstream } = await upstreamOf((_request, response) => {
    response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '7' }).end('not now')
  })
  expect(await upstream.request(GET)).toEqual({
    status: 503,
    contentType: 'text/plain',
    retryAfter: '7',
    date: expect.stringMatching(/ GMT$/),
    body: Buffer.from('not now'),
  })
})

test('what is asked arrives: method, path, headers, trace and body', async () => {
  const { upstream } = await upstreamOf(async (request, response) => {
    const { method, url, headers } = request
    response.end(JSON.stringify({ method, url, headers, body: await text(request) }))
  })
  const trace = { requestId: 'r-1', traceId: 'a'.repeat(32), flags: '01' }
  const ask = async (more: object) => JSON.parse(String((await upstream.request({ ...GET, ...more })).body))

  const posted = await ask({
    method: 'POST',
    path: '/a?b=c',
    trace,
    headers: { 'x-more': '1' },
    body: { d: 1 },
  })
  expect(posted).toMatchObject({
    method: 'POST',
    url: '/a?b=c',
    body: '{"d":1}',
    headers: { 'content-type': 'application/json', 'x-request-id': 'r-1', 'x-more': '1' },
  })
  expect(posted.headers.traceparent).toMatch(new RegExp(`^00-${'a'.repeat(32)}-[0-9a-f]{16}-01$`))
  expect((await ask({ method: 'POST', body: Buffer.from('{"as":"it is"') })).body).toBe('{"as":"it is"')
  const empty = await ask({ method: 'POST' })
  expect(empty.body).toBe('')
  expect(empty.headers).not.toHaveProperty('content-type')
})

test('text of any language arrives as UTF-8', async () => {
  const { upstream } = await upstreamOf(async (request, response) => {
    response.end(JSON.stringify({ url: request.url, body: await text(request) }))
  })
  const ask = async (body: unknown) => {
    const path = `/${encodeURIComponent('é€')}`
    const answer = await upstream.request({ ...GET, method: 'POST', path, body })
    return JSON.parse(answer.body.toString()) as { url: string; body: string }
  }
  const said = { latin1: 'é', more: '€', pairs: '😀', both: 'ÿ\u0100' }
  const posted = await ask(said)
  expect(JSON.parse(posted.body)).toEqual(said)
  expect(decodeURIComponent(posted.url)).toBe('/é€')
  // latin1 alone has one byte a character only until it is sent
  expect(JSON.parse((await ask('é')).body)).toBe('é')
  expect((await ask(Buffer.from('{"a":"é€"}'))).body).toBe('{"a":"é€"}')
})

test('what HTTP cannot carry is refused, and nothing of it is sent', async () => {
  const arrived: string[] = []
  const { upstream, connections } = await upstreamOf((request, response) => {
    arrived.push(`${request.method} ${request.url}`)
    response.end()
  })
  const hostile = 'x\r\n\r\nDELETE /all HTTP/1.1\r\n\r\n'
  for (const value of ['a\r\nx-more: 1', 'a\nb', 'a\rb', 'a\0', 'é', '€', hostile])
    await expect(upstream.request({ ...GET, headers: { 'x-a': 'a', 'x-b': value } })).rejects.toThrow(
      TypeError,
    )
  for (const path of ['', 'a', '/a b', '/a\tb', '/a\r\nx-more: 1', '/a\n', '/é', '/€', `/${hostile}`])
    await expect(upstream.request({ ...GET, path })).rejects.toThrow(TypeError)
  expect((await upstream.request({ ...GET, path: '/last' })).status).toBe(200)
  expect(arrived).toEqual(['GET /last'])
  expect(connections).toHaveLength(1)
})

test('an answer may come in chunks', async () => {
  const { upstream } = await upstreamOf((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', trailer: 'x-sum' })
    for (const part of ['one ', 'é€ ', 'three']) response.write(part)
    response.addTrailers({ 'x-sum': '3' })
    response.end(request.url)
  })
  for (const path of ['/a', '/b']) {
    const answer = await upstream.request({ ...GET, path })
    expect(answer).toMatchObject({ status: 200, contentType: 'text/plain' })
    expect(answer.body.toString()).toBe(`one é€ three${path}`)
  }
})

test('an answer may be as large as its request allows', async () => {
  const large = Buffer.alloc(5_000_000, 'large')
  const { upstream } = await upstreamOf((request, response) => {
    if (request.url === '/counted') response.setHeader('content-length', large.length)
    else response.flushHeaders()
    response.end(large)
  })
  for (const path of ['/counted', '/chunks', '/counted'])
    expect((await upstream.request({ ...GET, path, maxAnswerBytes: 6_000_000 })).body.equals(large)).toBe(
      true,
    )
})

test.each([
  ['says so', { 'content-length': 1_100_000 }, 'x'],
  ['comes in chunks', {}, 'x'.repeat(10_000)],
  ['comes in very small chunks', {}, 'x'],
])(
  'an answer that is longer than allowed and %s is given up, however long it goes on',
  async (_what, headers, piece) => {
    const { upstream, connections } = await upstreamOf((_request, response) => {
      response.writeHead(200, headers as OutgoingHttpHeaders)
      const more = () => {
        while (!response.destroyed && response.write(piece));
      }
      response.on('drain', more)
      more()
    })
    const failure = await upstream.request(GET).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      failure: 'unreachable',
      cause: { message: expect.stringContaining('longer than') },
    })
    await vi.waitFor(() => expect(connections[0]?.destroyed).toBe(true))
  },
)

test('an answer takes no memory for what is around its body', async () => {
  const { upstream } = await rawUpstreamOf(async (connection) => {
    connection.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    for (let i = 0; i < 500; i++) {
      const chunk = `1;${'x'.repeat(100_000)}\r\nx\r\n`
      if (!connection.write(chunk)) await once(connection, 'drain')
    }
    const grownBytes = process.memoryUsage().arrayBuffers - before
    connection.write(`${grownBytes.toString().length.toString(16)}\r\n${grownBytes}\r\n0\r\n\r\n`)
  })
  const before = process.memoryUsage().arrayBuffers
  const body = (await upstream.request(GET)).body.toString()
  expect(body).toMatch(/^x{500}/)
  expect(Number(body.slice(500))).toBeLessThan(15_000_000)
})

test('an answer that is longer than allowed and ends with its connection is given up', async () => {
  const { upstream } = await rawUpstreamOf((connection) =>
    connection.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_100_000)}`),
  )
  await expect(upstream.request(GET)).rejects.toMatchObject({
    cause: { message: expect.stringContaining('longer than') },
  })
})

test('a token is shown with every request', async () => {
  const server = await serve((request, response) => response.end(request.headers.authorization))
  const upstream = createUpstream('test', urlOf(server), { token: 't-1' })
  onTestFinished(() => upstream.close())
  expect(String((await upstream.request(GET)).body)).toBe('Bearer t-1')
})

test('a header that cannot be passed on is left out', async () => {
  const { upstream } = await rawUpstreamOf((connection) =>
    connection.write('HTTP/1.1 503 No\r\nretry-after: 1\xe9\r\ncontent-length: 0\r\n\r\n', 'latin1'),
  )
  expect((await upstream.request(GET)).retryAfter).toBeUndefined()
})

test('an address without a server is unreachable', async () => {
  const port = await freePort()
  const upstream = clientOf(`http://127.0.0.1:${port}`)
  const failure = await upstream.request(GET).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UpstreamError)
  expect(failure).toMatchObject({
    message: 'test: unreachable',
    failure: 'unreachable',
    cause: expect.any(Error),
  })
})

test('a host without an address is unreachable', async () => {
  const upstream = clientOf('http://nobody.invalid')
  await expect(upstream.request(GET)).rejects.toMatchObject({ failure: 'unreachable' })
})

test('a connection that breaks before or within the answer is unreachable', async () => {
  const { upstream } = await upstreamOf((request, response) => {
    if (request.url === '/') return request.socket.destroy()
    response.writeHead(200, { 'content-length': 100 }).write('half')
    setImmediate(() => request.socket.destroy())
  })
  await expect(upstream.request(GET)).rejects.toMatchObject({ failure: 'unreachable' })
  await expect(upstream.request({ ...GET, path: '/half' })).rejects.toMatchObject({ failure: 'unreachable' })
})

test('no answer in time is a timeout', async () => {
  const { upstream } = await upstreamOf(() => {})
  await expect(upstream.request({ ...GET, timeoutMs: 50 })).rejects.toMatchObject({ failure: 'timeout' })
})

test('the deadline covers the whole body, however steadily it drips', async () => {
  const { upstream } = await upstreamOf((_request, response) => {
    response.writeHead(200)
    const dripping = setInterval(() => response.write('.'), 10)
    response.once('close', () => clearInterval(dripping))
  })
  await expect(upstream.request({ ...GET, timeoutMs: 100 })).rejects.toMatchObject({ failure: 'timeout' })
})

test('the deadline covers a connection that is accepted and never read', async () => {
  const server = createTcpServer(() => {})
  await listenForTest(server, 0, '127.0.0.1')
  for (const protocol of ['http', 'https']) {
    const upstream = clientOf(urlOf(server, protocol))
    await expect(upstream.request({ ...GET, timeoutMs: 50 })).rejects.toMatchObject({ failure: 'timeout' })
  }
})

test('a slow answer does not hold up others', async () => {
  let answerSlow = () => {}
  const { upstream } = await upstreamOf((request, response) => {
    if (request.url === '/slow') answerSlow = () => response.end('late')
    else response.end('quick')
  })
  const slow = upstream.request({ ...GET, path: '/slow' })
  expect(String((await upstream.request(GET)).body)).toBe('quick')
  answerSlow()
  expect(String((await slow).body)).toBe('late')
})

test('an upstream that comes back is reached again', async () => {
  const port = await freePort()
  const upstream = clientOf(`http://127.0.0.1:${port}`)
  await expect(upstream.request(GET)).rejects.toMatchObject({ failure: 'unreachable' })
  await serve((_request, response) => response.end('back'), port)
  expect(String((await upstream.request(GET)).body)).toBe('back')
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

test.skipIf(!hasIpv6)('an upstream may have an address of IPv6', async () => {
  const server = await serve((request, response) => response.end(request.headers.host), 0, '::1')
  const url = urlOf(server)
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect(`http://${(await clientOf(url).request(GET)).body}`).toBe(url)
})
