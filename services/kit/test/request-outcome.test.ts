import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { captureLog } from '@quickticket/testing/captured-log'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { listen, sendRaw } from '@quickticket/testing/raw-http'
import { counted, series } from '@quickticket/testing/series'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { App } from '../src/app.ts'
import { exampleApp } from './example-app.ts'

const COUNTED = 'example_requests_total'
const TIMED = 'example_request_duration_seconds_count'

const apps: App[] = []
let app: App
let outcomes: ReturnType<typeof collectOutcomes>
const captured = captureLog()

beforeEach(() => {
  app = exampleApp({ log: captured.log })
  apps.push(app)
  outcomes = collectOutcomes(app)
})
afterAll(() => Promise.all(apps.map((each) => each.close())))

test('what clients see is what is counted, timed and logged, whatever happened; probes are only logged', async () => {
  const { port, url } = await listen(app)
  const json = { 'content-type': 'application/json' }
  const sent: [method: string, path: string, route: string, init?: RequestInit][] = [
    ['GET', '/things', '/things'],
    ['GET', '/things/1', '/things/{id}'],
    ['GET', '/things/2?x=/things', '/things/{id}'],
    ['HEAD', '/things/3', '/things/{id}'],
    ['HEAD', '/nothing', 'unmatched'],
    ['GET', '/things/x', '/things/{id}'],
    ['GET', '/gone', '/gone'],
    ['GET', '/broken', '/broken'],
    ['GET', '/wrong-shape', '/wrong-shape'],
    ['GET', '/unknown-1', 'unmatched'],
    ['GET', '/unknown-2', 'unmatched'],
    ['DELETE', '/things', '/things'],
    ['OPTIONS', '/things', '/things'],
    ['PUT', '/things/1', '/things/{id}'],
    ['GET', '/things/%E0%A4%A', '/things/{id}'],
    ['GET', '/%', 'unmatched'],
    ['GET', `/things/${'1'.repeat(200)}`, '/things/{id}'],
    ['POST', '/things', '/things', { body: '{"name":"a"}', headers: json }],
    ['POST', '/things', '/things', { body: '{', headers: json }],
    ['POST', '/things', '/things', { body: 'a', headers: { 'content-type': 'text/csv' } }],
    ['POST', '/things', '/things', { body: `"${'a'.repeat(70_000)}"`, headers: json }],
    ['GET', '/livez', '/livez'],
    ['HEAD', '/readyz', '/readyz'],
    ['GET', '/metrics', '/metrics'],
  ]
  const uncounted = ['/livez', '/readyz', '/metrics']

  const seen = new Map<string, number>()
  const see = (method: string, route: string, status: number) => {
    const key = `${COUNTED}{method="${method}",path="${route}",status="${status}"}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  for (const [method, path, route, init] of sent) {
    const response = await fetch(url + path, { method, ...init })
    await response.arrayBuffer()
    if (!uncounted.includes(route)) see(method, route, response.status)
  }
  see('unmatched', 'unmatched', Number((await sendRaw(port, 'GARBAGE\r\n\r\n')).split(' ')[1]))

  const ended = await outcomes.until(sent.length + 1)
  expect(ended).toHaveLength(sent.length + 1)
  const requests = await counted(app, COUNTED)
  expect(requests).toEqual(Object.fromEntries(seen))
  expect(statuses(requests)).toEqual([200, 400, 404, 405, 410, 413, 414, 415, 422, 500])
  expect(sum(await counted(app, TIMED))).toBe(sum(requests))

  const logged = captured.lines().filter((line) => typeof line.status === 'number')
  expect(logged.map((line) => `${line.msg} ${line.status}`)).toEqual(
    ended.map(({ method, path, status }) => `${method} ${path} ${status}`),
  )
  for (const line of logged) expect(line.level).toBe(Number(line.status) >= 500 ? 'ERROR' : 'INFO')
})

test('a client that leaves before the answer counts as 499', async () => {
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    app.get('/slow', async () => {
      resolve()
      await new Promise<void>((done) => {
        answer = done
      })
      return {}
    })
  })
  const { port } = await listen(app)
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n')
  await asked
  socket.destroy()
  const [outcome] = await outcomes.until(1)
  answer()
  expect(outcome).toMatchObject({ method: 'GET', route: '/slow', status: 499 })
  expect(await counted(app, COUNTED)).toEqual({ [`${COUNTED}{method="GET",path="/slow",status="499"}`]: 1 })
})

test.each([
  ['stops in the middle of its own body is told so', 400, (socket: Socket) => socket.end()],
  [
    'breaks off in the middle of its own body counts as 499',
    499,
    (socket: Socket) => socket.resetAndDestroy(),
  ],
])('a client that %s, and counts once', async (_what, status, leave) => {
  const reached = new Promise<void>((resolve) => app.addHook('onRequest', async () => resolve()))
  const { port } = await listen(app)
  const socket = connect(port, '127.0.0.1')
  const seen = text(socket).catch(() => '')
  const head = 'POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n'
  socket.write(`${head}\r\n{"na`)
  await reached
  leave(socket)
  await outcomes.until(1)
  expect(await counted(app, COUNTED)).toEqual({
    [`${COUNTED}{method="POST",path="/things",status="${status}"}`]: 1,
  })
  expect(await seen).toMatch(status === 400 ? /^HTTP\/1\.1 400 / : /^$/)
})

test('requests on one connection count one by one', async () => {
  const { port } = await listen(app)
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: a\r\n${more}\r\n`
  const answers = await sendRaw(
    port,
    get('/things') + get('/broken') + get('/nothing', 'connection: close\r\n'),
  )
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 500', 'HTTP/1.1 404'])
  expect((await outcomes.until(3)).map(({ status }) => status)).toEqual([200, 500, 404])
})

test('the answer to HEAD has the headers of GET and no body', async () => {
  const { url } = await listen(app)
  const head = await fetch(`${url}/things`, { method: 'HEAD' })
  const get = await fetch(`${url}/things`)
  expect(head.status).toBe(200)
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
  expect(await head.text()).toBe('')
})

test.each([
  ['comes late', 200, (socket: Socket) => socket.write('{"name":"a"}')],
  ['never comes', 400, (socket: Socket) => socket.end()],
])('the time in which a body %s is the time of its client', async (_what, status, go) => {
  let owedSince = 0
  const owed = new Promise<void>((resolve) => {
    app.addHook('preParsing', async () => {
      owedSince = performance.now()
      resolve()
    })
  })
  const { port } = await listen(app)
  const begun = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n',
  )
  await owed
  await new Promise((resolve) => setTimeout(resolve, 300))
  const owedMs = performance.now() - owedSince
  go(socket)
  const [outcome] = await outcomes.until(1)
  expect(outcome).toMatchObject({ method: 'POST', route: '/things', status })
  expect((outcome?.seconds ?? 0) * 1000 + owedMs).toBeLessThanOrEqual(performance.now() - begun)
})

test('durations are seconds in the buckets that the SLO rules read', async () => {
  await app.inject('/things')
  await outcomes.until(1)
  const names = Object.keys(await series(app, 'example_request_duration_seconds_bucket'))
  const buckets = names
    .filter((name) => name.endsWith('method="GET",path="/things"}'))
    .map((name) => /le="([^"]+)"/.exec(name)?.[1])
  expect(buckets).toEqual('0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf'.split(' '))
})

test('metrics are Prometheus text and tell the version and the process', async () => {
  const { headers, payload } = await app.inject('/metrics')
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(payload).toContain('example_build_info{version="1.2.3"} 1')
  expect(payload).toContain('# TYPE example_requests_total counter')
  expect(payload).toContain('# TYPE example_request_duration_seconds histogram')
  expect(payload).toMatch(/^process_cpu_seconds_total /m)
})

test('two applications in one process count for themselves', async () => {
  const other = exampleApp()
  apps.push(other)
  const othersOutcomes = collectOutcomes(other)
  await other.inject('/things')
  await othersOutcomes.until(1)
  expect(await counted(app, COUNTED)).toEqual({})
})

test('an open connection without a request counts nothing', async () => {
  const { port } = await listen(app)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end()
  await once(socket.resume(), 'close')
  expect(await counted(app, COUNTED)).toEqual({})
})

function sum(requests: Record<string, number>): number {
  return Object.values(requests).reduce((total, count) => total + count, 0)
}

function statuses(requests: Record<string, number>): number[] {
  const found = Object.keys(requests).map((name) => Number(/status="(\d+)"/.exec(name)?.[1]))
  return [...new Set(found)].toSorted((a, b) => a - b)
}
