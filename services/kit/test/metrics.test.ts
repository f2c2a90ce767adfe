import { connect } from 'node:net'
import { captureLog } from '@quickticket/testing/captured-log'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { listen } from '@quickticket/testing/raw-http'
import { counted, series } from '@quickticket/testing/series'
import { expect, test } from 'vitest'
import { exampleApp } from './example-app.ts'

test('every route begins at 0, for answers and for errors: no rate misses the first one', async () => {
  const app = exampleApp()
  const requests = await series(app, 'example_requests_total{method="POST",path="/things"')
  expect(requests).toEqual(
    Object.fromEntries(
      [200, 500, 502, 503, 504].map((status) => [
        `example_requests_total{method="POST",path="/things",status="${status}"}`,
        0,
      ]),
    ),
  )
  const label = 'method="GET",path="/things/{id}"'
  expect(await series(app, `example_request_duration_seconds_count{${label}}`)).toEqual({
    [`example_request_duration_seconds_count{${label}}`]: 0,
  })
  expect(await series(app, `example_request_duration_seconds_bucket{le="0.5",${label}}`)).toEqual({
    [`example_request_duration_seconds_bucket{le="0.5",${label}}`]: 0,
  })
})

test('probes and HEAD have no series before they are asked for', async () => {
  const names = Object.keys(await series(exampleApp(), 'example_requests_total'))
  expect(names.filter((name) => /livez|readyz|version|metrics|HEAD/.test(name))).toEqual([])
})

test('probes are no traffic, whatever they are answered; all else that is asked for is counted and timed', async () => {
  const app = exampleApp()
  app.get('/health', { config: { ops: true } }, async () => ({ status: 'healthy' }))
  const outcomes = collectOutcomes(app)
  const { url } = await listen(app)
  const ask = async (method: string, path: string) => (await fetch(url + path, { method })).status
  for (const path of ['/livez', '/readyz?verbose']) {
    for (const method of ['GET', 'HEAD', 'POST']) await ask(method, path)
  }
  app.draining = true
  expect(await ask('GET', '/readyz')).toBe(503)
  await ask('GET', '/health')
  await ask('HEAD', '/health')
  await ask('GET', '/version')
  await ask('GET', '/livez/more')
  await outcomes.until(11)
  expect(await counted(app, 'example_requests_total')).toEqual({
    'example_requests_total{method="GET",path="/health",status="200"}': 1,
    'example_requests_total{method="HEAD",path="/health",status="200"}': 1,
    'example_requests_total{method="GET",path="/version",status="200"}': 1,
    'example_requests_total{method="GET",path="unmatched",status="404"}': 1,
  })
  expect(await counted(app, 'example_request_duration_seconds_count')).toEqual({
    'example_request_duration_seconds_count{method="GET",path="/health"}': 1,
    'example_request_duration_seconds_count{method="HEAD",path="/health"}': 1,
    'example_request_duration_seconds_count{method="GET",path="/version"}': 1,
    'example_request_duration_seconds_count{method="GET",path="unmatched"}': 1,
  })
  expect(Object.keys(await series(app, 'example_request')).join()).not.toMatch(/livez|readyz/)
  await app.close()
})

test('a probe that leaves before its answer is logged as 499, and not counted', async () => {
  const { log, lines } = captureLog()
  const app = exampleApp({ log })
  const outcomes = collectOutcomes(app)
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  app.addHook('onRequest', async ({ url }) => {
    if (url !== '/livez') return
    asked.resolve()
    await answer.promise
  })
  const { port } = await listen(app)
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n')
  await asked.promise
  socket.destroy()
  await outcomes.until(1)
  expect(lines().find(({ msg }) => msg === 'GET /livez')).toMatchObject({ route: '/livez', status: 499 })
  answer.resolve()
  expect(await counted(app, 'example_request')).toEqual({})
  await app.close()
})

test('log lines are counted by level, those of requests and children too', async () => {
  const { log } = captureLog('info')
  const app = exampleApp({ log })
  await app.inject('/things')
  log.child({ part: 'a' }).warn('careful')
  log.error('broken')
  log.debug('left out')
  expect(await series(app, 'example_log_lines_total')).toEqual({
    'example_log_lines_total{level="DEBUG"}': 0,
    'example_log_lines_total{level="INFO"}': 1,
    'example_log_lines_total{level="WARNING"}': 1,
    'example_log_lines_total{level="ERROR"}': 1,
  })
})
