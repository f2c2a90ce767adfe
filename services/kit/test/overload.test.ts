import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { listen } from '@quickticket/testing/raw-http'
import { expect, test } from 'vitest'
import { exampleApp } from './example-app.ts'

/** An application whose requests to /wait stay in flight until they are let go. */
function waitingApp(maxConcurrentRequests: number) {
  const app = exampleApp({ maxConcurrentRequests })
  const gates: (() => void)[] = []
  const arrivals: (() => void)[] = []
  app.get('/wait', async () => {
    await new Promise<void>((resolve) => {
      gates.push(resolve)
      arrivals.shift()?.()
    })
    return {}
  })
  return {
    app,
    /** Sends a request, and comes back when it is in flight. */
    async start() {
      const arrived = new Promise<void>((resolve) => arrivals.push(resolve))
      const answer = app.inject('/wait')
      await arrived
      return { answer: answer.then(({ statusCode }) => statusCode), finish: () => gates.shift()?.() }
    },
  }
}

test('a request above the limit is answered 503 with Retry-After, and accepted after others have finished', async () => {
  const { app, start } = waitingApp(2)
  const first = await start()
  const second = await start()
  const refused = await app.inject('/wait')
  expect(refused.statusCode).toBe(503)
  expect(refused.headers['retry-after']).toBe('1')
  expect(refused.json()).toMatchObject({ error: 'overloaded', detail: 'More than 2 requests are in flight' })

  first.finish()
  expect(await first.answer).toBe(200)
  const third = await start()
  second.finish()
  third.finish()
  expect(await Promise.all([second.answer, third.answer])).toEqual([200, 200])
})

test('refused requests do not take a place', async () => {
  const { app, start } = waitingApp(1)
  const first = await start()
  for (let i = 0; i < 5; i++) expect((await app.inject('/wait')).statusCode).toBe(503)
  first.finish()
  await first.answer
  const second = await start()
  second.finish()
  expect(await second.answer).toBe(200)
})

test('probes and metrics always get through', async () => {
  const { app, start } = waitingApp(1)
  const first = await start()
  for (const url of ['/livez', '/readyz', '/version', '/metrics']) {
    expect((await app.inject(url)).statusCode).toBe(200)
  }
  first.finish()
  await first.answer
})

test('0 is no limit', async () => {
  const { start } = waitingApp(0)
  const all = []
  for (let i = 0; i < 50; i++) all.push(await start())
  for (const { finish } of all) finish()
  expect(await Promise.all(all.map(({ answer }) => answer))).toEqual(Array(50).fill(200))
})

test('uploads that do not come take no places, and what has come does', async () => {
  const { app, start } = waitingApp(2)
  const { port, url } = await listen(app)
  const uploading = new Promise<void>((resolve) => {
    let heads = 0
    app.server.on('request', () => ++heads === 20 && resolve())
  })
  const body = '{"name":"a"}'
  const head = `POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.write(head)
  await uploading
  expect((await fetch(`${url}/things`)).status).toBe(200)

  const [first, second] = [await start(), await start()]
  expect((await fetch(`${url}/things`)).status).toBe(503)
  sockets[0]?.write(body)
  expect(String(await once(sockets[0] as Socket, 'data'))).toMatch(/^HTTP\/1\.1 503 /)
  first.finish()
  await first.answer
  sockets[1]?.write(body)
  expect(String(await once(sockets[1] as Socket, 'data'))).toMatch(/^HTTP\/1\.1 200 /)
  second.finish()
  expect(await second.answer).toBe(200)
  await app.close()
})
