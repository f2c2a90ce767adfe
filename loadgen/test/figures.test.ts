import type { ServerResponse } from 'node:http'
import { freePort } from '@quickticket/testing/free-port'
import { expect, test } from 'vitest'
import { createDurations } from '../src/histogram.ts'
import { failureOf, kindOf } from '../src/outcome.ts'
import { gatewayWith, loadgen, reportOf } from './command.ts'
import { status } from './fake-gateway.ts'

const LIST = ['--scenario', 'list']

test('percentiles of known durations are right to a thousandth', () => {
  const durations = createDurations()
  for (let ms = 1; ms <= 10_000; ms += 1) durations.add(ms)
  for (const [percentile, expected] of [
    [50, 5000],
    [90, 9000],
    [99, 9900],
    [99.9, 9990],
  ] as const) {
    expect(Math.abs(durations.at(percentile) - expected) / expected).toBeLessThan(0.001)
  }
  expect(durations.count()).toBe(10_000)
  expect(durations.max() / 10_000).toBeCloseTo(1, 2)
})

test('what a gateway takes is what is measured', async () => {
  let requests = 0
  const gateway = await gatewayWith({
    list(response) {
      requests += 1
      // every tenth waits
      setTimeout(() => response.end('[]'), requests % 10 === 0 ? 400 : 50)
    },
  })
  const { summary } = await reportOf(['100', '2', ...LIST], gateway.url)
  const [route] = summary.routes
  expect(route).toMatchObject({ route: 'GET /events', count: 200 })
  expect(route?.p50Ms).toBeGreaterThanOrEqual(50)
  expect(route?.p99Ms).toBeGreaterThanOrEqual(400)
  expect(summary.all.p99Ms).toBe(route?.p99Ms)
  expect(summary.slices.reduce((sum, slice) => sum + slice.ok, 0)).toBe(200)
})

test('a gateway that stands still for a second is slow for all who come meanwhile', async () => {
  let requests = 0
  let stalled: ServerResponse[] | undefined
  const gateway = await gatewayWith({
    list(response) {
      requests += 1
      if (requests === 100) {
        stalled = []
        setTimeout(() => {
          for (const each of stalled ?? []) each.end('[]')
          stalled = undefined
        }, 1000)
      }
      if (stalled) stalled.push(response)
      else response.end('[]')
    },
  })
  const { summary } = await reportOf(['100', '4', ...LIST], gateway.url)
  expect(summary.all.count).toBe(400)
  // a quarter of them came in that second, and waited for half of it on average
  expect(summary.all.p90Ms).toBeGreaterThan(500)
  expect(summary.all.p99Ms).toBeGreaterThan(900)
  expect(Math.max(...summary.slices.map(({ buyers }) => buyers))).toBeGreaterThan(50)
})

test('every way to fail has a column of its own, and sold out is none of them', async () => {
  const answers = [status(200), status(301), status(404), status(409), status(500), status(503), reset, cut]
  let requests = 0
  const gateway = await gatewayWith({
    list(response) {
      answers[requests % answers.length]?.(response)
      requests += 1
    },
  })
  const { summary } = await reportOf(['160', '1', ...LIST], gateway.url)
  const [route] = summary.routes
  expect(route).toMatchObject({
    classes: { '2xx': 20, '3xx': 20, '409': 20, '4xx': 20, '5xx': 40 },
    failures: { refused: 0, reset: 40, timeout: 0, other: 0 },
    statuses: { 200: 20, 301: 20, 404: 20, 409: 20, 500: 20, 503: 20 },
  })
  expect(summary.all.brokenRate).toBe(0.5)
})

test('without a listener, every request is refused', async () => {
  const run = await loadgen(['20', '1', ...LIST], `http://127.0.0.1:${await freePort()}`)
  const [head = '', row = ''] = run.lines.slice(1)
  const column = head.trim().split(/ {2,}/).indexOf('refused')
  expect(row.trim().split(/ {2,}/)[column]).toBe('20')
  expect(run.counts).toMatchObject({ total: 20, fail: 20, error_rate: 100 })
})

test('errors of connections are told apart by their codes', () => {
  const codes = [
    'ECONNREFUSED',
    'ECONNRESET',
    'UND_ERR_SOCKET',
    'UND_ERR_HEADERS_TIMEOUT',
    'ETIMEDOUT',
    'ENOTFOUND',
  ]
  expect(codes.map((code) => failureOf({ code }))).toEqual([
    'refused',
    'reset',
    'reset',
    'timeout',
    'timeout',
    'other',
  ])
  expect([200, 302, 400, 409, 500, 'reset'].map((result) => kindOf(result as number))).toEqual([
    'ok',
    'ok',
    'rejected',
    'conflict',
    'broken',
    'broken',
  ])
})

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

function cut(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 100 })
  response.write('half', () => response.socket?.destroy())
}
