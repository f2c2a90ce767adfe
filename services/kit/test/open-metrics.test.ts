import { collectOutcomes } from '@quickticket/testing/outcomes'
import { Counter, Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { App } from '../src/app.ts'
import { inOpenMetrics } from '../src/open-metrics.ts'
import { exampleApp } from './example-app.ts'
import { tracedExampleApp } from './traced-example-app.ts'

const PLAIN = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
/** what Prometheus 3 sends */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const SAMPLED = 'cafe0123456789abcdef0123456789ab'
const NOT_SAMPLED = 'beef0123456789abcdef0123456789ab'

test('a client that prefers OpenMetrics gets it while requests are traced', async () => {
  const app = await tracedExampleApp()
  const typeFor = async (accept?: string) => (await scrape(app, accept)).headers['content-type']
  for (const accept of [
    PROMETHEUS,
    'application/openmetrics-text',
    'application/openmetrics-text; version=1.0.0, */*; q=0.1',
    'APPLICATION/OpenMetrics-Text;q=0.5,text/plain;q=0.4',
    'application/*, text/plain;q=0.9',
  ])
    expect([accept, await typeFor(accept)]).toEqual([accept, OPEN])
  for (const accept of [
    undefined,
    '',
    '*/*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'application/openmetrics-text;version=0.0.1',
    'application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.6',
    'application/openmetrics-text;q=0.5,text/plain;q=0.5',
    'application/openmetrics-text;q=0,*/*;q=0.1',
    'application/openmetrics-text;q=high',
  ])
    expect([accept, await typeFor(accept)]).toEqual([accept, PLAIN])
})

test('without tracing, a client that prefers OpenMetrics gets plain text', async () => {
  const app = exampleApp()
  await askFor(app, '/things', SAMPLED, '01')
  const { headers, payload } = await scrape(app, PROMETHEUS)
  expect(headers['content-type']).toBe(PLAIN)
  expect(payload).not.toMatch(/cafe| # \{|# EOF/)
  await app.close()
})

test('the buckets of sampled requests name their traces, in OpenMetrics only', async () => {
  const app = await tracedExampleApp()
  const begun = Date.now() / 1000
  await askFor(app, '/things', SAMPLED, '01')
  await askFor(app, '/things/1', NOT_SAMPLED, '00')
  const [open, plain] = await Promise.all([scrape(app, PROMETHEUS), scrape(app, '*/*')])
  const exemplars = open.payload.split('\n').filter((line) => line.includes(' # '))
  expect(exemplars).toEqual([
    expect.stringMatching(
      /^example_request_duration_seconds_bucket\{le="[\d.]+",method="GET",path="\/things"\} 1 # \{trace_id="cafe\w{28}",span_id="\w{16}"\} [\de.-]+ [\d.]+$/,
    ),
  ])
  const seconds = Number(exemplars[0]?.split(' ').at(-1))
  expect(seconds).toBeGreaterThanOrEqual(begun)
  expect(seconds).toBeLessThanOrEqual(Date.now() / 1000)
  expect(plain.payload).not.toMatch(/cafe|beef| # \{|# EOF/)
})

test('a text in OpenMetrics has the series of the plain text, and does not change the next one', async () => {
  const app = await tracedExampleApp()
  await askFor(app, '/things', NOT_SAMPLED, '00')
  const plain = await scrape(app, '*/*')
  const open = await scrape(app, PROMETHEUS)
  const again = await scrape(app, '*/*')
  expect(open.payload).toContain('# TYPE example_requests counter\n')
  expect(plain.payload).toContain('# TYPE example_requests_total counter\n')
  expect(linesOf(again.payload, /^#/)).toEqual(linesOf(plain.payload, /^#/))
  const ofRequests = linesOf(plain.payload, /^example_request/)
  expect(ofRequests).toContain('example_request_duration_seconds_count{method="GET",path="/things"} 1')
  expect(linesOf(open.payload, /^example_request/)).toEqual(ofRequests)
})

test('no series is renamed, whatever a service calls its metrics', async () => {
  const registry = new Registry()
  const registers = [registry]
  new Counter({ name: 'sold_total', help: 'Sold', registers }).inc(2)
  new Counter({ name: 'returns', help: 'Returned', registers }).inc(3)
  new Gauge({ name: 'seats_total', help: 'Seats', registers }).set(5)
  expect(await inOpenMetrics(registry).metrics()).toBe(`# HELP sold Sold
# TYPE sold counter
sold_total 2
# HELP returns Returned
# TYPE returns unknown
returns 3
# HELP seats_total Seats
# TYPE seats_total gauge
seats_total 5
# EOF
`)
})

function scrape(app: App, accept?: string) {
  return app.inject({ url: '/metrics', headers: accept === undefined ? {} : { accept } })
}

/** Sends a request, until it is counted. */
async function askFor(app: App, url: string, traceId: string, flags: string): Promise<void> {
  const outcomes = collectOutcomes(app)
  await app.inject({ url, headers: { traceparent: `00-${traceId}-0123456789abcdef-${flags}` } })
  await outcomes.until(1)
}

function linesOf(text: string, pattern: RegExp): string[] {
  return text.split('\n').filter((line) => pattern.test(line))
}
