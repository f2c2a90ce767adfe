import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { listen, sendRaw } from '@quickticket/testing/raw-http'
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { exampleApp } from '../example-app.ts'

const apps: App[] = []
let app: App
let outcomes: ReturnType<typeof collectOutcomes>
const running = { now: 0, most: 0 }

/** /turn answers in a later turn of the loop, and remembers how many of its requests were under way at once. */
beforeEach(() => {
  app = exampleApp()
  apps.push(app)
  outcomes = collectOutcomes(app)
  Object.assign(running, { now: 0, most: 0 })
  app.get('/turn/:n', async ({ params }) => {
    running.most = Math.max(running.most, ++running.now)
    await new Promise(setImmediate)
    running.now--
    return params
  })
})
afterAll(() => Promise.all(apps.map((each) => each.close())))

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: a\r\n${more}\r\n`
const statuses = (answers: string) =>
  answers.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.split(' ')[1])) ?? []

test('pipelined requests are answered in order, one at a time', async () => {
  const { port } = await listen(app)
  const ahead = Array.from({ length: 200 }, (_, n) => get(`/turn/${n}`)).join('')
  const answers = await sendRaw(port, `${ahead}${get('/things', 'connection: close\r\n')}`)
  expect(answers.match(/"n":"\d+"/g)).toEqual(Array.from({ length: 200 }, (_, n) => `"n":"${n}"`))
  expect(running.most).toBe(1)
  expect((await outcomes.until(201)).every(({ status }) => status === 200)).toBe(true)
})

test('bodies of pipelined requests reach their own requests', async () => {
  const { port } = await listen(app)
  const post = (name: string, more = '') => {
    const body = JSON.stringify({ name })
    return `POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`
  }
  const answers = await sendRaw(
    port,
    `${get('/turn/1')}${post('a'.repeat(50_000))}${post('b'.repeat(50_000))}${post('c', 'connection: close\r\n')}`,
  )
  expect(answers.match(/"name":"(.)/g)).toEqual(['"name":"a', '"name":"b', '"name":"c'])
})

test('a client that pipelines thousands of requests is disconnected, and few of them are handled', async () => {
  const { port } = await listen(app)
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  socket.write(get('/turn/1').repeat(5000))
  await new Promise((resolve) => socket.resume().once('close', resolve))
  expect(running.most).toBe(1)
  expect((await outcomes.until(1)).length).toBeLessThan(260)
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
})

test('no further requests of a client that does not read its answers are handled', async () => {
  const body = 'x'.repeat(2_000_000)
  let made = 0
  app.get('/large', async () => {
    made++
    return body
  })
  const { port } = await listen(app)
  const socket = connect(port, '127.0.0.1')
  const asked = 30
  socket.pause().write(get('/large').repeat(asked - 1) + get('/large', 'connection: close\r\n'))
  await outcomes.until(1)
  // unread answers are in the kernel's buffers only
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
  expect(made).toBeLessThan(asked / 2)
  expect(statuses(await text(socket))).toEqual(Array(asked).fill(200))
})

test.each([
  ['garbage', 'GARBAGE\r\n\r\n', 400, 'unmatched'],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 405, 'CONNECT'],
  [
    'half a body and garbage',
    'POST /things HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nz\r\n',
    400,
    'unmatched',
  ],
])('%s after requests is answered after them', async (_what, bytes, status, method) => {
  const { port } = await listen(app)
  expect(statuses(await sendRaw(port, get('/turn/1') + bytes))).toEqual([200, status])
  expect(statuses(await sendRaw(port, get('/turn/1') + get('/nothing') + bytes))).toEqual([200, 404, status])
  const seen = (await outcomes.until(5)).map((outcome) => `${outcome.method} ${outcome.status}`)
  const broken = `${method} ${status}`
  expect(seen.toSorted()).toEqual(['GET 200', 'GET 200', 'GET 404', broken, broken].toSorted())
})
