import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { captureLog } from '@quickticket/testing/captured-log'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRedis } from '../src/redis.ts'

let captured: ReturnType<typeof captureLog>
beforeEach(() => {
  captured = captureLog()
})
const clients: Redis[] = []
const servers: { server: Server; sockets: Socket[] }[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

/** A server that speaks as little Redis as a test needs: OK to everything, until it falls silent. */
async function listen(port = 0) {
  const sockets: Socket[] = []
  const redis = { silent: false, sockets, port: 0 }
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const commands = String(data).match(/^\*\d+\r$/gm)?.length ?? 0
      if (!redis.silent) socket.write('+OK\r\n'.repeat(commands))
    })
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  servers.push({ server, sockets })
  redis.port = (server.address() as { port: number }).port
  return Object.assign(redis, {
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  })
}

function connect(port: number, timeoutMs = 5000, silenceMs = 60_000): Redis {
  const client = createRedis({ host: '127.0.0.1', port, timeoutMs, silenceMs }, captured.log)
  clients.push(client)
  return client
}

/** Unlike `once`, it does not mind the errors on the way. */
const ready = (client: Redis) => new Promise((resolve) => client.once('ready', resolve))

test('commands fail at once while Redis is away', async () => {
  const server = await listen()
  const client = connect(server.port)
  await once(client, 'ready')
  await server.stop()
  await once(client, 'close')
  await expect(client.get('a')).rejects.toThrow()
  await expect(client.ping()).rejects.toThrow()
})

test('a command that is not answered in time fails', async () => {
  const server = await listen()
  const client = connect(server.port, 50)
  await once(client, 'ready')
  server.silent = true
  await expect(client.get('a')).rejects.toThrow(/timed out/i)
})

test('a connection that is not answered any more, and does not end, is replaced', async () => {
  const server = await listen()
  const client = connect(server.port, 50, 100)
  await once(client, 'ready')
  server.silent = true
  servers[0]?.server.once('connection', () => {
    server.silent = false
  })
  await expect(client.get('a')).rejects.toThrow(/timed out/i)
  await captured.until((line) => line.msg === 'Redis connection lost')
  await ready(client)
})

test('a Redis that takes connections and says nothing is tried again', async () => {
  const server = await listen()
  server.silent = true
  const client = connect(server.port, 50)
  await once(servers[0]?.server as Server, 'connection')
  await once(servers[0]?.server as Server, 'connection')
  const back = ready(client)
  server.silent = false
  await back
})

test('a command that was under way when the connection broke fails, and is not sent again', async () => {
  const server = await listen()
  const client = connect(server.port)
  await once(client, 'ready')
  server.silent = true
  const asked = client.set('seat', '1')
  await once(server.sockets[0] as Socket, 'data')
  const received: string[] = []
  servers[0]?.server.on('connection', (socket) => socket.on('data', (data) => received.push(String(data))))
  server.silent = false
  server.sockets[0]?.destroy()
  await expect(asked).rejects.toThrow()
  await once(client, 'ready')
  await client.ping()
  expect(received.join('')).not.toContain('seat')
})

test('the client connects again when Redis is back, and logs it', async () => {
  const server = await listen()
  const client = connect(server.port)
  await once(client, 'ready')
  await server.stop()
  await captured.until((line) => line.msg === 'Redis connection lost')
  const back = once(client, 'ready')
  await listen(server.port)
  await back
  expect(await client.get('a')).toBe('OK')
  expect(captured.lines().filter((line) => line.msg === 'Redis connection lost')).toHaveLength(1)
})
