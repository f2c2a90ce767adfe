import { connect } from 'node:net'
import { bodyOf, exchange } from '@quickticket/testing/exchange'
import { counted } from '@quickticket/testing/series'
import { expect, test } from 'vitest'
import { faultyApp, THINGS } from './faulty-app.ts'

const INJECTED = 'example_faults_injected_total'
const REQUESTS = 'example_requests_total'

test('status: the answer is an error, and the handler does not run', async () => {
  const { app, handled, injected } = await faultyApp({ FAULTS: 'GET /things 100% status=503' })
  const answer = await app.inject('/things')
  expect(answer.statusCode).toBe(503)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.json()).toMatchObject({ status: 503, title: 'Service Unavailable', error: 'injected_fault' })
  expect(handled).toEqual([])
  expect(injected()).toEqual([
    expect.objectContaining({ level: 'WARNING', fault: 'status', path: '/things', injected_status: 503 }),
  ])
  expect((await app.inject('/things/1')).statusCode).toBe(200)
})

test.each([400, 599])('status=%i: that is the status of the answer', async (status) => {
  const { app, injected } = await faultyApp({ FAULTS: `GET /things 100% status=${status}` })
  const answer = await app.inject('/things')
  expect([answer.statusCode, answer.json().error]).toEqual([status, 'injected_fault'])
  expect(injected()).toEqual([expect.objectContaining({ fault: 'status', injected_status: status })])
})

test('latency: the handler runs later', async () => {
  const { app, injected } = await faultyApp({ FAULTS: '100% latency=60ms; 100% latency=60ms' })
  const startedAt = performance.now()
  expect((await app.inject('/things')).json()).toEqual(THINGS)
  expect(performance.now() - startedAt).toBeGreaterThan(110)
  expect(injected().map(({ fault, latency_ms }) => [fault, latency_ms])).toEqual([
    ['latency', 60],
    ['latency', 60],
  ])
})

test('latency and then another fault', async () => {
  const { app, injected } = await faultyApp({ FAULTS: '100% latency=20ms; 100% status=500; 100% hang' })
  expect((await app.inject('/things')).statusCode).toBe(500)
  expect(injected().map(({ fault }) => fault)).toEqual(['latency', 'status'])
})

test('reset: the client gets ECONNRESET', async () => {
  const { listen, outcomes, handled } = await faultyApp({ FAULTS: '100% reset' })
  const { port } = await listen()
  expect(await exchange(port, 'POST', '/things')).toEqual({ received: '', end: 'ECONNRESET' })
  expect(await outcomes.until(1)).toMatchObject([{ route: '/things', status: 500 }])
  expect(handled).toEqual([])
})

test('lost-response: the handler runs, and no answer comes', async () => {
  const { listen, outcomes, handled } = await faultyApp({ FAULTS: '100% lost-response' })
  const { port } = await listen()
  expect(await exchange(port, 'POST', '/things')).toEqual({ received: '', end: 'closed' })
  expect(handled).toEqual(['/things'])
  expect(await outcomes.until(1)).toMatchObject([{ status: 500 }])
})

test('truncate: half of the body under the length of the whole', async () => {
  const { listen, outcomes } = await faultyApp({ FAULTS: '100% truncate' })
  const { port } = await listen()
  const whole = JSON.stringify(THINGS)
  const answer = await exchange(port, 'GET', '/things')
  expect(answer.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(answer.received).toContain(`content-length: ${whole.length}\r\n`)
  expect(answer.received).toContain('x-request-id: ')
  expect(bodyOf(answer)).toBe(whole.slice(0, whole.length / 2))
  expect(await outcomes.until(1)).toMatchObject([{ status: 500 }])
})

test('truncate does not change a response without a body', async () => {
  const { app, injected } = await faultyApp({ FAULTS: '100% truncate' })
  expect((await app.inject('/nothing-to-say')).statusCode).toBe(204)
  expect((await app.inject({ method: 'HEAD', url: '/things' })).statusCode).toBe(200)
  expect(injected()).toEqual([])
})

test('hang: no answer comes until the client leaves', async () => {
  const { app, listen, logs, outcomes } = await faultyApp({ FAULTS: 'GET /things 100% hang' })
  const { port } = await listen()
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.write('GET /things HTTP/1.1\r\nhost: a\r\n\r\n')
  await logs.until(({ msg }) => msg === 'injected fault')
  expect((await app.inject('/things/1')).statusCode).toBe(200)
  socket.destroy()
  const ended = await outcomes.until(2)
  expect(ended.find(({ route }) => route === '/things')).toMatchObject({ status: 499 })
  expect(received).toBe('')
})

test('a hanging request does not delay the end of the service', async () => {
  const { app, listen, logs, outcomes } = await faultyApp({ FAULTS: '100% hang' })
  const { port } = await listen()
  const hung = exchange(port, 'GET', '/things')
  await logs.until(({ msg }) => msg === 'injected fault')
  await app.close()
  expect(await hung).toEqual({ received: '', end: 'closed' })
  expect(await outcomes.until(1)).toMatchObject([{ status: 500 }])
})

test('a fault after a delay is not injected into a client that has left, and the handler runs', async () => {
  const { app, listen, logs, outcomes, injected } = await faultyApp({
    FAULTS: 'POST 100% latency=1s; POST 100% status=500',
  })
  const handled = new Promise((resolve) => app.addHook('preHandler', async () => resolve('handled')))
  const { port } = await listen()
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /things HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
  await logs.until(({ msg }) => msg === 'injected fault')
  socket.destroy()
  expect(await outcomes.until(1)).toMatchObject([{ status: 499 }])
  expect(await handled).toBe('handled')
  expect(injected().map(({ fault }) => fault)).toEqual(['latency'])
})

test('cpu: the line says for how many milliseconds it blocked', async () => {
  const { app, injected } = await faultyApp({ FAULTS: 'GET /things 100% cpu=.05s' })
  await app.inject('/things')
  expect(injected()).toEqual([expect.objectContaining({ fault: 'cpu', blocked_ms: 50 })])
})

test('cpu: nothing else happens meanwhile', async () => {
  const { app } = await faultyApp({ FAULTS: 'GET /things 100% cpu=100ms' })
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  const startedAt = performance.now()
  expect((await app.inject('/things')).statusCode).toBe(200)
  clearInterval(timer)
  expect(performance.now() - startedAt).toBeGreaterThan(95)
  expect(ticks).toBeLessThan(50)
})

test('operations, the documentation and /faults are never struck', async () => {
  const { app, injected } = await faultyApp({ FAULTS: '100% status=500', FAULT_ADMIN_TOKEN: 'a' })
  for (const url of [
    '/livez',
    '/readyz',
    '/version',
    '/health',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/docs/json',
  ]) {
    expect({ url, status: (await app.inject(url)).statusCode }).toEqual({ url, status: 200 })
  }
  expect((await app.inject('/faults')).statusCode).toBe(401)
  expect(injected()).toEqual([])
  expect((await app.inject('/nowhere')).statusCode).toBe(500)
})

test('metrics, log and client agree, with all kinds mixed', async () => {
  const { app, listen, outcomes, injected } = await faultyApp({
    FAULTS:
      'GET 15% status=503; GET 10% latency=1ms..5ms; /things/{id} 15% reset; POST 20% lost-response; 20% truncate; 1% cpu=1ms',
  })
  const { port } = await listen()
  const sent: [string, string, string][] = [
    ['GET', '/things', '/things'],
    ['GET', '/things/1', '/things/{id}'],
    ['GET', '/things/2', '/things/{id}'],
    ['POST', '/things', '/things'],
    ['GET', '/nowhere', 'unmatched'],
  ]
  const seen: Record<string, number> = {}
  for (let i = 0; i < 60; i++) {
    for (const [method, path, route] of sent) {
      const answer = await exchange(port, method, path)
      const length = /content-length: (\d+)/.exec(answer.received)?.[1]
      const complete = length !== undefined && bodyOf(answer).length === Number(length)
      const status = complete ? answer.received.split(' ')[1] : 500
      const key = `${REQUESTS}{method="${method}",path="${route}",status="${status}"}`
      seen[key] = (seen[key] ?? 0) + 1
    }
  }
  await outcomes.until(300)
  expect(await counted(app, REQUESTS)).toEqual(seen)

  const logged: Record<string, number> = {}
  for (const { fault, path } of injected()) {
    const key = `${INJECTED}{fault="${fault}",path="${path}"}`
    logged[key] = (logged[key] ?? 0) + 1
  }
  expect(await counted(app, INJECTED)).toEqual(logged)
  const kinds = new Set(injected().map(({ fault }) => fault))
  expect([...kinds].toSorted()).toEqual(['cpu', 'latency', 'lost-response', 'reset', 'status', 'truncate'])
})

test('a search for requests in the log does not find faults', async () => {
  const { app, logs } = await faultyApp({ FAULTS: 'GET /things* 50% status=500' })
  for (let i = 0; i < 20; i++) await app.inject('/things')
  expect(logs.lines().filter((line) => JSON.stringify(line).includes('GET /things'))).toHaveLength(20)
})
