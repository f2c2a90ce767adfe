import { openAllServices } from '@quickticket/testing/all-services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TRACED } from './metric-names.ts'

let services: Awaited<ReturnType<typeof openAllServices>>

beforeAll(async () => {
  services = await openAllServices(TRACED)
})
afterAll(() => services?.close())

test.each(['gateway', 'events', 'payments', 'notifications'] as const)(
  '%s has the same series in OpenMetrics, which Prometheus asks for, as in plain text',
  async (service) => {
    const app = services.apps[service]
    const [open, plain] = await Promise.all(
      ['application/openmetrics-text', '*/*'].map((accept) =>
        app.inject({ url: '/metrics', headers: { accept } }),
      ),
    )
    expect(open?.headers['content-type']).toMatch('application/openmetrics-text')
    expect(seriesIn(plain?.payload)).toContain(`${service}_spans_total{result="exported"}`)
    expect(seriesIn(open?.payload)).toEqual(seriesIn(plain?.payload))
  },
)

function seriesIn(text = ''): string[] {
  // which handles are open, and which garbage was collected, changes from one answer to the next
  return [...text.matchAll(/^(\w+(?:\{.*?\})?) \S+(?: # .*)?$/gm)].flatMap(([, series = '']) =>
    /^nodejs_(active_resources\{|gc_)/.test(series) ? [] : series,
  )
}
