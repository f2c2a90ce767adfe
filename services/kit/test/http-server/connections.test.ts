import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { listen } from '@quickticket/testing/raw-http'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { App } from '../../src/app.ts'
import { createOpenConnections } from '../../src/http-server/open-connections.ts'
import { createHttpServer } from '../../src/http-server/server.ts'
import { exampleApp } from '../example-app.ts'

let app: App
let outcomes: ReturnType<typeof collectOutcomes>
let port: number
let open: Set<Socket>

beforeEach(async () => {
  app = exampleApp()
  outcomes = collectOutcomes(app)
  open = new Set()
  app.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  ;({ port } = await listen(app))
})
afterEach(() => app.close())

/** A client that keeps its side open and ignores errors. */
async function hold(bytes = ''): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

const POST =
  'POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"n'
const WITHOUT_RESPONSE = [
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 405],
  ['CONNECT with more behind it', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n', 405],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['garbage', 'GARBAGE\r\n\r\n', 400],
  ['headers that are too large', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  [
    'a body with two lengths',
    POST.replace('content-length', 'transfer-encoding: chunked\r\ncontent-length'),
    400,
  ],
] as const

test('a request without a response object is answered, and its connection is freed, while the client keeps its side open', async () => {
  const answers = WITHOUT_RESPONSE.map(async ([, bytes]) => text(await hold(bytes)))
  const statuses = (await Promise.all(answers)).map((answer) => Number(answer.split(' ')[1]))
  expect(statuses).toEqual(WITHOUT_RESPONSE.map(([, , status]) => status))
  await vi.waitFor(() => expect(open.size).toBe(0), 10_000)
})

test.each(WITHOUT_RESPONSE)('%s and a reset: the service keeps running', async (_what, bytes) => {
  const socket = await hold(bytes)
  await outcomes.until(1)
  socket.resetAndDestroy()
  await vi.waitFor(() => expect(open.size).toBe(0), 10_000)
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
})

test('an upgrade is ignored, and the request is answered', async () => {
  const socket = await hold(
    'GET /things HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  )
  const [first] = await once(socket, 'data')
  expect(String(first)).toMatch(/^HTTP\/1\.1 200 /)
})

test('the service stops while connections are idle or have sent nothing, half of their headers or half a body', async () => {
  await hold()
  await hold('GET /things HTTP')
  const idle = await hold('GET /things HTTP/1.1\r\nhost: a\r\n\r\n')
  await once(idle, 'data')
  for (const [, bytes] of WITHOUT_RESPONSE) await hold(bytes)
  const reached = new Promise<void>((resolve) => {
    app.outcomeListeners.push(({ status }) => status === 200 && resolve())
  })
  const half = await hold(POST)
  // the server reads connections in the order in which they have data
  await fetch(`http://127.0.0.1:${port}/livez`)
  await reached
  const answer = text(half)
  await app.close()
  expect(await answer).toMatch(/^HTTP\/1\.1 408 /)
})

test('while the service stops, a request in flight finishes, and then its connection ends', async () => {
  const arrived = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const slow = exampleApp()
  slow.get('/slow', async () => {
    arrived.resolve()
    await go.promise
    return { slow: true }
  })
  const { port: slowPort } = await listen(slow)
  const socket = connect(slowPort, '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n')
  await arrived.promise
  const closed = slow.close()
  go.resolve()
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(answer).toContain('{"slow":true}')
  await closed
})

test('headers or a body that do not arrive in time are an error when their deadline is over', async () => {
  const codes: (string | undefined)[] = []
  const handlers = { connection() {}, connect() {} }
  const server = createHttpServer(() => undefined, handlers, { headersTimeout: 100, requestTimeout: 200 })
  onTestFinished(() => void server.close())
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    codes.push(error.code)
    socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as { port: number }).port
  for (const bytes of ['GET / HTTP/1.1\r\n', POST]) await once((await hold(bytes)).resume(), 'end')
  expect(codes).toEqual(['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_HTTP_REQUEST_TIMEOUT'])
}, 20_000)

test('a client that does not read its answer is disconnected', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const connections = createOpenConnections(() => undefined)
  const server = createServer(connections.add)
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as { port: number }).port
  const accepted = once(server, 'connection')
  const client = await hold()
  const [socket] = (await accepted) as [Socket]
  const closed = once(socket, 'close')

  await new Promise((resolve) => socket.write('read', resolve))
  vi.advanceTimersByTime(60_000)
  expect(socket.destroyed).toBe(false)
  client.pause()
  socket.write(Buffer.alloc(50_000_000))
  vi.advanceTimersByTime(29_000)
  expect(socket.destroyed).toBe(false)
  vi.advanceTimersByTime(3000)
  await closed
  expect(socket.destroyed).toBe(true)
})
