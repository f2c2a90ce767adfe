import { waitUntil } from '@quickticket/local/wait'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { listen } from '@quickticket/testing/raw-http'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { App } from '../src/app.ts'
import { exampleApp } from './example-app.ts'
import { tracedExampleApp } from './traced-example-app.ts'

const SAMPLED = 'cafe0123456789abcdef0123456789ab'
const NOT_SAMPLED = 'beef0123456789abcdef0123456789ab'

describe.skipIf(!prometheusFrom)('with Prometheus (skipped without Prometheus 3 or its image)', () => {
  test('it finds the traces of sampled requests, and the same series as without tracing', async () => {
    const untracedApp = exampleApp()
    onTestFinished(() => untracedApp.close())
    const scrape = { traced: await asked(await tracedExampleApp()), untraced: await asked(untracedApp) }
    const { url, close } = await startPrometheus({ scrape })
    onTestFinished(close)

    const traced = () => seriesOf(url, 'traced')
    const untraced = () => seriesOf(url, 'untraced')
    const isScraped = async () => (await traced()).length > 0 && (await untraced()).length > 0
    expect(await waitUntil(isScraped, 30_000)).toBe(true)
    expect(await exemplarsIn(url)).toEqual([['traced', '/things', [SAMPLED]]])
    expect((await traced()).filter((labels) => !labels.includes('example_spans_total'))).toEqual(
      await untraced(),
    )
  }, 60_000)
})

/** Serves it, and asks it twice; only the first request is sampled. */
async function asked(app: App): Promise<number> {
  const outcomes = collectOutcomes(app)
  const { port, url } = await listen(app)
  for (const [path, traceId, flags] of [
    ['/things', SAMPLED, '01'],
    ['/broken', NOT_SAMPLED, '00'],
  ])
    await fetch(url + path, { headers: { traceparent: `00-${traceId}-0123456789abcdef-${flags}` } })
  await outcomes.until(2)
  return port
}

async function seriesOf(url: string, job: string): Promise<string[]> {
  // which handles are open, and which garbage was collected, changes from one scrape to the next
  const selector = `{job="${job}",__name__!~"nodejs_(active|gc)_.*"}`
  const series = await query<Record<string, string>[]>(url, 'series', { 'match[]': selector })
  return series.map(({ job, instance, ...labels }) => JSON.stringify(Object.entries(labels).sort())).sort()
}

interface Exemplars {
  seriesLabels: Record<string, string>
  exemplars: { labels: Record<string, string> }[]
}

async function exemplarsIn(url: string) {
  const found = await query<Exemplars[]>(url, 'query_exemplars', {
    query: 'example_request_duration_seconds_bucket',
    start: '0',
    end: String(Date.now() / 1000 + 60),
  })
  return found.map(({ seriesLabels: { job, path }, exemplars }) => [
    job,
    path,
    exemplars.map(({ labels }) => labels.trace_id),
  ])
}

async function query<T>(url: string, what: string, parameters: Record<string, string>): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${what}?${new URLSearchParams(parameters)}`)
  const { data } = (await answer.json()) as { data: T }
  return data
}
