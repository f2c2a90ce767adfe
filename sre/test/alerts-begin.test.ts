import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitUntil } from '@quickticket/local/wait'
import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { describe, expect, onTestFinished, test } from 'vitest'
import { message, startServer } from './server-kit.ts'

const RULE = `
groups:
  - name: test
    rules:
      - alert: SomethingIsDown
        expr: max by (job) (test_broken) == 1
        for: 1s
        labels: { severity: critical, service: gateway }
`

/** A service that says what is injected into it, as payments does. */
async function startTarget() {
  let isInjected = false
  const server = createServer((_request, response) => {
    const fault = isInjected ? 'payments_fault_active{fault="status"} 1\n' : ''
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`test_broken ${Number(isInjected)}\n${fault}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return {
    port: (server.address() as AddressInfo).port,
    /** @returns when, in milliseconds since 1970 */
    inject() {
      isInjected = true
      return Date.now()
    },
  }
}

interface PrometheusData {
  /** of a query */
  result: unknown[]
  alerts: PrometheusAlert[]
}

interface PrometheusAlert {
  labels: Record<string, string>
  state: string
  activeAt: string
}

describe.skipIf(!prometheusFrom)('the begin of an incident (skipped without Prometheus 3)', () => {
  test('is when the fault of a related service was injected, and MTTD is right within 5 s', async () => {
    const target = await startTarget()
    const prometheus = await startPrometheus({
      scrape: { payments: target.port },
      rules: { 'test.rules.yml': RULE },
    })
    onTestFinished(prometheus.close)
    const ask = async (path: string) =>
      ((await fetch(`${prometheus.url}${path}`).then((answer) => answer.json())) as { data: PrometheusData })
        .data
    const isScraped = async () => (await ask('/api/v1/query?query=test_broken')).result.length > 0
    expect(await waitUntil(isScraped, 20_000)).toBe(true)

    const injectedAt = target.inject()
    let firing: PrometheusAlert | undefined
    const fires = async () => {
      const { alerts } = await ask('/api/v1/alerts')
      firing = alerts.find(({ state }) => state === 'firing')
      return firing !== undefined
    }
    expect(await waitUntil(fires, 20_000)).toBe(true)
    const { labels, activeAt } = firing as PrometheusAlert
    // Prometheus tells Alertmanager the moment when the pending time was over
    const detectedAt = Date.parse(activeAt) + 1000

    const server = startServer({ PROMETHEUS_URL: prometheus.url })
    await server.post('/alerts', message([{ labels, startsAt: new Date(detectedAt).toISOString() }]))
    const incident = async () => (await server.get('/incidents/1')).json()
    expect(await waitUntil(async () => (await incident()).begun_by === 'fault', 20_000)).toBe(true)

    const { begun_at, detected_at, timeline } = await incident()
    expect(Math.abs(Date.parse(begun_at) - injectedAt)).toBeLessThan(5000)
    const mttdMs = Date.parse(detected_at) - Date.parse(begun_at)
    expect(Math.abs(mttdMs - (detectedAt - injectedAt))).toBeLessThan(5000)
    expect(timeline.at(-1).text).toMatch(/^began at .* with the fault status of payments$/)
  })
})
