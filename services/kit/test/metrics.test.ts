import { expect, test } from 'vitest'
import { captureLog } from './captured-log.ts'
import { exampleApp } from './example-app.ts'
import { series } from './series.ts'

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
