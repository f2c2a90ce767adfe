import { METHODS } from 'node:http'
import { SERVICES } from '@quickticket/contract/services'
import { type AllServices, openAllServices, pathOf } from '@quickticket/testing/all-services'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { sendRaw } from '@quickticket/testing/raw-http'
import { addEvent } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const TOKEN = 'a token for faults'

let all: AllServices
beforeAll(async () => {
  all = await openAllServices({ FAULT_ADMIN_TOKEN: TOKEN })
})
afterAll(() => all.close())

describe('caches keep nothing that changes', () => {
  /** The same for all clients until the next version. */
  const KEPT = /^\/(docs|openapi\.json)(\/|$)/

  test.each(SERVICES)('every answer of every route of %s says so, errors too', async (service) => {
    const app = all.apps[service]
    const routes = app.knownRoutes.all()
    expect(routes.length).toBeGreaterThan(6)
    for (const { template, methods } of [...routes, { template: '/nowhere', methods: [] }]) {
      for (const method of [...methods, 'GET', 'PATCH']) {
        for (const payload of [undefined, '{', '{"quantity":1,"faults":""}']) {
          const url = pathOf(template)
          const { statusCode, headers } = await app.inject({
            method: method as 'GET',
            url,
            headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
            ...(payload && { payload }),
          })
          const cacheControl = headers['cache-control']
          if (KEPT.test(url) && statusCode < 400)
            expect({ url, cacheControl }).toMatchObject({ cacheControl: /./ })
          else expect({ method, url, statusCode, cacheControl }).toMatchObject({ cacheControl: 'no-store' })
        }
      }
    }
  })

  test('so does an answer to what is no request', async () => {
    const { port } = all.apps.gateway.server.address() as { port: number }
    for (const bytes of [
      'GARBAGE\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`,
      'GET /% HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      `GET /events/${'1'.repeat(200)} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
      'GET /events HTTP/1.1\r\nconnection: close\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n',
    ]) {
      expect(await sendRaw(port, bytes)).toMatch(/^HTTP\/1\.1 4.*\r\ncache-control: no-store\r\n/is)
    }
  })

  test('a reservation that is paid is not read as held', async () => {
    const { gateway } = all.apps
    const event = await addEvent(all.pool, 5)
    const reserved = await gateway.inject({ method: 'POST', url: `/events/${event}/reserve`, payload: {} })
    const url = `/reserve/${reserved.json().reservation_id}`
    const held = await gateway.inject(url)
    expect(held.json()).toMatchObject({ status: 'held' })
    expect(held.headers['cache-control']).toBe('no-store')
    await gateway.inject({ method: 'POST', url: `${url}/pay` })
    expect((await gateway.inject(url)).json()).toMatchObject({ status: 'confirmed' })
  })
})

describe('however clients ask, there are only so many series', () => {
  // the seven that routes can have, and all others
  const METHOD_VALUES = 8
  /** buckets, +Inf, sum and count */
  const DURATION_SERIES = 17
  // what a service or one behind it answers, 499 for a client that left, and those that every rate begins with
  const STATUSES = [
    200, 302, 304, 400, 401, 404, 405, 408, 409, 413, 414, 415, 422, 429, 431, 499, 500, 502, 503, 504,
  ]
  const UNCOUNTED = ['/livez', '/readyz', '/metrics']

  test.each(SERVICES)('%s', async (service) => {
    const app = all.apps[service]
    const outcomes = collectOutcomes(app)
    const { port } = app.server.address() as { port: number }
    const routes = app.knownRoutes.all().map(({ template }) => template)
    const paths = [
      ...routes.map((template) => pathOf(template)),
      '/nowhere',
      '/%',
      '/events/%2e/x',
      '/EVENTS',
    ]
    const methods = METHODS.filter((method) => method !== 'CONNECT')
    for (const method of methods) {
      // one after the other on one connection
      await sendRaw(port, paths.map((path, at) => request(method, path, at === paths.length - 1)).join(''))
    }
    await outcomes.until(methods.length * paths.length)

    const { payload } = await app.inject('/metrics')
    const lines = payload.split('\n').filter((line) => line.startsWith(`${service}_request`))
    const counted = lines.filter((line) => line.startsWith(`${service}_requests_total{`))
    const timed = lines.filter((line) => line.startsWith(`${service}_request_duration_seconds_`))
    const pathValues = routes.filter((route) => !UNCOUNTED.includes(route)).length + 1
    expect(counted.length).toBeLessThanOrEqual(pathValues * METHOD_VALUES * STATUSES.length)
    expect(timed.length).toBeLessThanOrEqual(pathValues * METHOD_VALUES * DURATION_SERIES)
    expect(values(lines, 'method').length).toBeLessThanOrEqual(METHOD_VALUES)
    expect(values(lines, 'path').length).toBeLessThanOrEqual(pathValues)
    expect(
      values(counted, 'status')
        .map(Number)
        .filter((status) => !STATUSES.includes(status)),
    ).toEqual([])
    expect(counted.filter((line) => line.includes('{method="unmatched"')).length).toBeGreaterThan(0)
  })

  function request(method: string, path: string, isLast: boolean): string {
    const end = isLast ? 'connection: close\r\n' : ''
    return `${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n${end}\r\n`
  }

  function values(lines: string[], label: string): string[] {
    const found = lines.map((line) => new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1])
    return [...new Set(found)].filter((value) => value !== undefined)
  }
})
