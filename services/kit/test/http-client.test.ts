import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { createUpstream, type Upstream, UpstreamError } from '../src/http-client.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

const GET = { method: 'GET', path: '/', timeoutMs: 10_000 } as const

test('an answer of any status is an answer', async () => {
  const upstream = await upstreamOf((_request, response) => {
    response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '7' }).end('not now')
  })
  expect(await upstream.request(GET)).toEqual({
    status: 503,
    contentType: 'text/plain',
    retryAfter: '7',
    body: Buffer.from('not now'),
  })
})

test('what is asked arrives: method, path, headers, trace and body', async () => {
  const upstream = await upstreamOf(async (request, response) => {
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

test('an address where nobody listens is unreachable', async () => {
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
  const upstream = await upstreamOf((request, response) => {
    if (request.url === '/') return request.socket.destroy()
    response.writeHead(200, { 'content-length': 100 }).write('half')
    setImmediate(() => request.socket.destroy())
  })
  await expect(upstream.request(GET)).rejects.toMatchObject({ failure: 'unreachable' })
  await expect(upstream.request({ ...GET, path: '/half' })).rejects.toMatchObject({ failure: 'unreachable' })
})

test('no answer in time is a timeout', async () => {
  const upstream = await upstreamOf(() => {})
  await expect(upstream.request({ ...GET, timeoutMs: 50 })).rejects.toMatchObject({ failure: 'timeout' })
})

test('the deadline covers the whole body, however steadily it drips', async () => {
  const upstream = await upstreamOf((_request, response) => {
    response.writeHead(200)
    const dripping = setInterval(() => response.write('.'), 10)
    response.once('close', () => clearInterval(dripping))
  })
  await expect(upstream.request({ ...GET, timeoutMs: 100 })).rejects.toMatchObject({ failure: 'timeout' })
})

test('the deadline covers a connection that is accepted and never read', async () => {
  const server = createTcpServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(server)
  const upstream = clientOf(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  await expect(upstream.request({ ...GET, timeoutMs: 50 })).rejects.toMatchObject({ failure: 'timeout' })
})

test('a slow answer does not hold up others', async () => {
  let answerSlow = () => {}
  const upstream = await upstreamOf((request, response) => {
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

async function upstreamOf(listener: RequestListener | ((...of: Parameters<RequestListener>) => unknown)) {
  const server = await serve(listener as RequestListener)
  return clientOf(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
}

function clientOf(url: string): Upstream {
  const upstream = createUpstream('test', url)
  opened.push(upstream)
  return upstream
}

async function serve(listener: RequestListener, port = 0): Promise<Server> {
  const server = createServer(listener).listen(port, '127.0.0.1')
  await once(server, 'listening')
  opened.push({
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
  return server
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
