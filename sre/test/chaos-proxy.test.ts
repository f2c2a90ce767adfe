import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@quickticket/testing/free-port'
import { launchProgram } from '@quickticket/testing/program'
import { expect, onTestFinished, test } from 'vitest'
import { createDelay, delayOf, type Link } from '../src/chaos/proxy/delayed.ts'

const PROXY = fileURLToPath(new URL('../src/chaos/proxy/main.ts', import.meta.url))
const LINK: Link = { latencyMs: 100, jitterMs: 0, loss: 0 }

/** Random numbers that a test chooses; 1 afterwards, with which nothing is lost. */
function given(...numbers: number[]): () => number {
  return () => numbers.shift() ?? 1
}

test('a chunk is as long under way as the latency says', () => {
  expect(delayOf(LINK, given(0.5))).toBe(100)
})

test('jitter makes it longer or shorter, and never less than nothing', () => {
  const link = { ...LINK, jitterMs: 40 }
  expect(delayOf(link, given(0))).toBe(60)
  expect(delayOf(link, given(1))).toBe(140)
  expect(delayOf({ ...link, latencyMs: 10 }, given(0))).toBe(0)
})

test('a lost chunk comes when TCP has sent it again: after 200 ms, then 400, then 800', () => {
  const link = { ...LINK, loss: 0.1 }
  expect(delayOf(link, given(0.5, 0.2))).toBe(100)
  expect(delayOf(link, given(0.5, 0.05, 0.2))).toBe(300)
  expect(delayOf(link, given(0.5, 0.05, 0.05, 0.05, 0.2))).toBe(1500)
})

async function startEcho(answer: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, answer).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

async function startProxy(port: number, link: Link): Promise<Socket> {
  const listen = await freePort()
  const program = launchProgram([PROXY, JSON.stringify({ host: '127.0.0.1', port, listen, link })])
  onTestFinished(program.end)
  await program.logs.until(({ msg }) => msg === 'listening')
  const socket = connect({ port: listen, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

test('chunks that are due at the same time keep their order', async () => {
  // the first is lost and sent again; all others wait for it
  const numbers = [0.5, 0.01, 0.5, ...Array.from({ length: 2000 }, () => 0.5)]
  const delay = createDelay({ latencyMs: 1, jitterMs: 0, loss: 0.1 }, given(...numbers))
  const sent = Array.from({ length: 500 }, (_, index) => `${index}\n`)
  for (const chunk of sent) {
    delay.write(chunk)
    await setImmediate()
  }
  delay.end()
  expect(await text(delay)).toBe(sent.join(''))
})

test('what goes through the proxy arrives complete and in order, and late', async () => {
  const port = await startEcho((socket) => socket.pipe(socket))
  const socket = await startProxy(port, { latencyMs: 200, jitterMs: 100, loss: 0.05 })
  const sent = Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join('')
  const began = performance.now()
  socket.end(sent)
  expect((await text(socket)) === sent).toBe(true)
  // half of the time in each direction, at least
  expect(performance.now() - began).toBeGreaterThanOrEqual(99)
})

test('a connection that the server breaks is broken at the client, too', async () => {
  const port = await startEcho((socket) => void socket.once('data', () => socket.resetAndDestroy()))
  const socket = await startProxy(port, { latencyMs: 10, jitterMs: 0, loss: 0 })
  socket.end('hello')
  expect(await text(socket)).toBe('')
})
