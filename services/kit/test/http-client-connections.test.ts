import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { ended, GET, rawUpstreamOf, upstreamOf } from '@quickticket/testing/upstream-servers'
import { expect, test } from 'vitest'
import type { Upstream } from '../src/http-client.ts'

const MOST_CONNECTIONS = 256

test('a connection is used again', async () => {
  const { upstream, connections } = await upstreamOf((request, response) => response.end(request.url))
  for (const path of ['/a', '/b', '/c']) {
    expect(await ask(upstream, path)).toBe(path)
    // undici uses a connection again when the event loop has turned
    await turn()
  }
  expect(connections).toHaveLength(1)
  await Promise.all([ask(upstream, '/d'), ask(upstream, '/e')])
  await turn()
  await Promise.all([ask(upstream, '/f'), ask(upstream, '/g')])
  expect(connections).toHaveLength(2)
})

test('a connection that the server ended while it was idle is not used', async () => {
  const { upstream, connections } = await upstreamOf((request, response) => response.end(request.url))
  await ask(upstream, '/before')
  const [first] = connections as [Socket]
  first.end()
  // the client has ended its side too
  await once(first, 'close')
  expect(await ask(upstream, '/after')).toBe('/after')
  expect(connections).toHaveLength(2)
})

test('a connection is ended after "connection: close", even if the server does not', async () => {
  const { upstream, connections } = await rawUpstreamOf((connection) => {
    connection.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok')
  })
  expect(await ask(upstream)).toBe('ok')
  await ended(connections[0])
  expect(await ask(upstream)).toBe('ok')
  expect(connections).toHaveLength(2)
})

test('an idle connection is ended before the server would', { timeout: 15_000 }, async () => {
  const { upstream, connections } = await rawUpstreamOf((connection) => {
    connection.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 2\r\n\r\nok')
  })
  await ask(upstream)
  await ended(connections[0])
  expect(await ask(upstream)).toBe('ok')
  expect(connections).toHaveLength(2)
})

test('the end of the connection may be the end of the answer', async () => {
  const { upstream, connections } = await rawUpstreamOf((connection) => {
    connection.write('HTTP/1.1 200 OK\r\n\r\nall ')
    connection.end('of it')
  })
  expect(await ask(upstream)).toBe('all of it')
  expect(await ask(upstream)).toBe('all of it')
  expect(connections).toHaveLength(2)
})

test('what is not HTTP ends the connection', async () => {
  const { upstream, connections } = await rawUpstreamOf((connection, request) => {
    connection.write(
      request.startsWith('GET /ok') ? 'HTTP/1.1 204 x\r\n\r\n' : '220 mail.example ESMTP\r\n\r\n',
    )
  })
  await expect(upstream.request(GET)).rejects.toMatchObject({
    failure: 'unreachable',
    cause: { message: expect.stringContaining('does not match the HTTP/1.1 protocol') },
  })
  await ended(connections[0])
  expect(await ask(upstream, '/ok')).toBe('')
})

test('a late answer does not reach the next call', async () => {
  let answerLate = () => {}
  const { upstream, connections } = await upstreamOf((request, response) => {
    if (request.url === '/slow') {
      answerLate = () => response.end('late')
    } else {
      // on one connection, it would be the first
      answerLate()
      response.end('own')
    }
  })
  await expect(upstream.request({ ...GET, path: '/slow', timeoutMs: 1000 })).rejects.toMatchObject({
    failure: 'timeout',
  })
  expect(await ask(upstream)).toBe('own')
  await ended(connections[0])
  expect(connections).toHaveLength(2)
})

test('the rest of a late answer does not reach the next call', async () => {
  let sendRest = () => {}
  const { upstream, connections } = await rawUpstreamOf((connection, request) => {
    if (request.startsWith('GET /slow')) {
      connection.write('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf')
      sendRest = () => connection.write('late')
    } else {
      sendRest()
      connection.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown')
    }
  })
  await expect(upstream.request({ ...GET, path: '/slow', timeoutMs: 1000 })).rejects.toMatchObject({
    failure: 'timeout',
  })
  expect(await ask(upstream)).toBe('own')
  expect(connections).toHaveLength(2)
})

test('unexpected bytes end the connection and do not reach the next call', async () => {
  const own = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown'
  const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged'
  const { upstream, connections } = await rawUpstreamOf((connection, request) => {
    connection.write(request.startsWith('GET /more') ? own + forged : own)
  })
  expect(await ask(upstream)).toBe('own')
  connections[0]?.write(forged)
  await ended(connections[0])
  expect(await ask(upstream, '/more')).toBe('own')
  await ended(connections[1])
  expect(await ask(upstream)).toBe('own')
  expect(connections).toHaveLength(3)
})

test('there are at most 256 connections, and calls wait for one in order', async () => {
  const { upstream, connections, arrival, held } = await holdingUpstream()
  const paths = Array.from({ length: 300 }, (_, i) => `/${i}`)
  const calls = paths.map((path) => ask(upstream, path))
  await arrival(MOST_CONNECTIONS)
  const atOnce = paths.slice(0, MOST_CONNECTIONS)
  expect(new Set(held.map(({ path }) => path))).toEqual(new Set(atOnce))
  for (let next = MOST_CONNECTIONS; next < paths.length; next++) {
    held[next - MOST_CONNECTIONS]?.answer()
    await arrival(next + 1)
    expect(held[next]?.path).toBe(`/${next}`)
  }
  for (const each of held) each.answer()
  expect(await Promise.all(calls)).toEqual(paths)
  expect(connections).toHaveLength(MOST_CONNECTIONS)
})

test('a call that waits for a connection has its deadline, and does not hold up others', async () => {
  const { upstream, connections, arrival, held } = await holdingUpstream()
  const calls = Array.from({ length: MOST_CONNECTIONS }, (_, i) => ask(upstream, `/${i}`))
  const late = upstream.request({ ...GET, path: '/late', timeoutMs: 50 })
  const other = ask(upstream, '/other')
  await expect(late).rejects.toMatchObject({ failure: 'timeout' })
  await arrival(MOST_CONNECTIONS)
  held[0]?.answer()
  await arrival(MOST_CONNECTIONS + 1)
  for (const each of held) each.answer()
  expect(await other).toBe('/other')
  await Promise.all(calls)
  expect(held.map(({ path }) => path)).not.toContain('/late')
  expect(connections).toHaveLength(MOST_CONNECTIONS)
})

test('a connection that breaks and one that is given up make room for calls that wait', async () => {
  const { upstream, connections, arrival, held } = await holdingUpstream()
  const calls = Array.from({ length: MOST_CONNECTIONS - 2 }, (_, i) => ask(upstream, `/${i}`))
  const broken = upstream.request({ ...GET, path: '/broken' })
  const late = upstream.request({ ...GET, path: '/late', timeoutMs: 2000 })
  const others = ['/a', '/b'].map((path) => ask(upstream, path))
  const failures = [
    expect(broken).rejects.toMatchObject({ failure: 'unreachable' }),
    expect(late).rejects.toMatchObject({ failure: 'timeout' }),
  ]
  await arrival(MOST_CONNECTIONS)
  held.find(({ path }) => path === '/broken')?.break()
  await arrival(MOST_CONNECTIONS + 2)
  for (const each of held) each.answer()
  await Promise.all(failures)
  expect(await Promise.all(others)).toEqual(['/a', '/b'])
  await Promise.all(calls)
  expect(connections).toHaveLength(MOST_CONNECTIONS + 2)
})

test('close fails what is under way and what waits, and ends all connections', async () => {
  const { upstream, connections, arrival } = await holdingUpstream()
  const calls = Array.from({ length: MOST_CONNECTIONS + 2 }, (_, i) => ask(upstream, `/${i}`))
  const failed = Promise.allSettled(calls)
  await arrival(MOST_CONNECTIONS)
  await upstream.close()
  for (const each of await failed)
    expect(each).toMatchObject({
      status: 'rejected',
      reason: { failure: 'unreachable', cause: { message: 'the client was closed' } },
    })
  await Promise.all(connections.map(ended))
  expect(connections).toHaveLength(MOST_CONNECTIONS)
})

test('close ends idle connections', async () => {
  const { upstream, connections } = await upstreamOf((_request, response) => response.end())
  await ask(upstream)
  await upstream.close()
  await ended(connections[0])
})

async function ask(upstream: Upstream, path = '/'): Promise<string> {
  return (await upstream.request({ ...GET, path })).body.toString()
}

/** A client, and a server that answers each request with its path when the test calls `answer`. */
async function holdingUpstream() {
  const held: { path: string; answer(): void; break(): void }[] = []
  let arrived = () => {}
  const upstream = await upstreamOf(({ url, socket }, response: ServerResponse) => {
    held.push({
      path: String(url),
      answer: () => void response.end(url),
      break: () => void socket.destroy(),
    })
    arrived()
  })
  return {
    ...upstream,
    held,
    /** resolves when so many requests have arrived, since the start */
    arrival: (count: number) =>
      new Promise<void>((resolve) => {
        arrived = () => void (held.length >= count && resolve())
        arrived()
      }),
  }
}
