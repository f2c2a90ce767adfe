import type { ServerResponse } from 'node:http'
import { freePort } from '@quickticket/testing/free-port'
import { expect, test } from 'vitest'
import { gatewayWith, loadgen, outputOf, start } from './command.ts'
import { status } from './fake-gateway.ts'

test('of the buyers 70 % list, 20 % reserve one seat of event 1 to 5, and 10 % pay for what they reserved', async () => {
  const gateway = await gatewayWith()
  const run = await loadgen(['300', '2'], gateway.url)
  expect(run.counts).toEqual({ total: 600, success: 600, fail: 0, error_rate: 0, sold_out: 0 })

  const count = (pattern: RegExp) => gateway.requests.filter((request) => pattern.test(request)).length
  const lists = count(/^GET \/events$/)
  const reserves = count(/^POST \/events\/[1-5]\/reserve {"quantity":1}$/)
  const pays = count(/^POST \/reserve\/r-\d+\/pay$/)
  expect(lists + reserves + pays).toBe(gateway.requests.length)
  expect(lists + reserves).toBe(600)
  // five standard deviations
  expect(Math.abs(lists - 420)).toBeLessThan(56)
  expect(Math.abs(pays - 60)).toBeLessThan(37)
  for (const id of [1, 2, 3, 4, 5]) expect(count(new RegExp(`^POST /events/${id}/`))).toBeGreaterThan(0)
})

test('every 10 s a line says how it goes', async () => {
  const gateway = await gatewayWith()
  const run = await loadgen(['5', '10'], gateway.url)
  expect(run.lines).toEqual([
    `5 requests/s to ${gateway.url} for 10 s`,
    expect.stringMatching(/^\[10s\] requests=(49|50) success=(49|50) fail=0 error_rate=0\.0% sold_out=0$/),
    'Done. total=50 success=50 fail=0 error_rate=0.0% sold_out=0',
  ])
})

test('sold out is no failure, and what is sold out is not paid', async () => {
  const gateway = await gatewayWith({ reserve: status(409) })
  const { counts } = await loadgen(['200', '1'], gateway.url)
  expect(counts).toMatchObject({ total: 200, fail: 0, error_rate: 0 })
  expect(counts.sold_out).toBeGreaterThan(0)
  expect(counts.success).toBe(200 - counts.sold_out)
  expect(gateway.requests.filter((request) => request.endsWith('/pay'))).toEqual([])
})

test('a pay that fails is one failure, also with 409: this buyer had a seat', async () => {
  const gateway = await gatewayWith({ pay: status(409) })
  const { counts } = await loadgen(['200', '1'], gateway.url)
  const pays = gateway.requests.filter((request) => request.endsWith('/pay')).length
  expect(counts).toEqual({
    total: 200,
    success: 200 - pays,
    fail: pays,
    error_rate: Number((pays / 2).toFixed(1)),
    sold_out: 0,
  })
})

test('without a listener, every buyer fails', async () => {
  const { counts } = await loadgen(['20', '1'], `http://127.0.0.1:${await freePort()}`)
  expect(counts).toEqual({ total: 20, success: 0, fail: 20, error_rate: 100, sold_out: 0 })
})

test('a reservation that is no JSON and an answer that breaks off are failures', async () => {
  const gateway = await gatewayWith({
    list: (response) => response.socket?.destroy(),
    reserve: (response) => response.end('<html>'),
  })
  const { counts } = await loadgen(['100', '1'], gateway.url)
  const reserves = gateway.requests.filter((request) => request.startsWith('POST')).length
  expect(counts.total).toBe(100)
  // who only reserves does not read the answer
  expect(counts.success).toBeLessThan(reserves)
  expect(counts.fail).toBe(100 - counts.success)
})

test('buyers do not wait for the answers to others', async () => {
  const held: ServerResponse[] = []
  // no buyer gets an answer until the last one has arrived
  const hold = (response: ServerResponse) => {
    held.push(response)
    if (held.length >= 100) for (const each of held.splice(0, 100)) each.end('[]')
  }
  const gateway = await gatewayWith({ list: hold, reserve: hold })
  const { counts } = await loadgen(['100', '1'], gateway.url)
  expect(counts.total).toBe(100)
})

test('Ctrl-C ends it: the last line counts what was answered', async () => {
  // lists hang without end
  const gateway = await gatewayWith({ list: () => undefined })
  const child = start(['50', '60'], gateway.url)
  const ended = outputOf(child)
  await expect.poll(() => gateway.requests.length, { timeout: 15_000 }).toBeGreaterThan(40)
  child.kill('SIGINT')
  const { code, counts } = await ended
  expect(code).toBe(130)
  expect(counts.total).toBeGreaterThan(0)
  expect(counts).toMatchObject({ success: counts.total, fail: 0, sold_out: 0 })
})

test.each([
  [['fast'], undefined, 'loadgen: rps is "fast"; it has to be a number above 0 and up to 20000'],
  [['0'], undefined, 'loadgen: rps is "0"; it has to be a number above 0 and up to 20000'],
  [['5', '-1'], undefined, 'loadgen: seconds is "-1"; it has to be a number above 0 and up to 86400'],
  [['5', '1', '2'], undefined, 'loadgen: unexpected argument "2"; --help shows the usage'],
  [
    ['5', '1'],
    'localhost:3080',
    'GATEWAY_URL is "localhost:3080"; it has to look like http://localhost:3080',
  ],
])('%j with GATEWAY_URL %s is refused in one line', async (args, gatewayUrl, message) => {
  const run = await loadgen(args, gatewayUrl)
  expect(run).toMatchObject({ code: 2, lines: [] })
  expect(run.errors.trim().split('\n')).toEqual([expect.stringContaining(message)])
})

test('--help says what it does and with which defaults', async () => {
  const { code, lines } = await loadgen(['--help'], undefined)
  expect(code).toBe(0)
  for (const word of ['run.sh [rps] [seconds]', 'default 5', 'default 60', 'http://localhost:3080'])
    expect(lines.join('\n')).toContain(word)
})
