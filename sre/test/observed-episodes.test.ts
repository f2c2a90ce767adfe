import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Episode, observeAlerts, observeDeploys, observeFaults } from '../src/observed/episodes.ts'
import { createPrometheus, type Prometheus } from '../src/prometheus.ts'

const MINUTE_S = 60
const SCRAPE_S = 15
const BEGIN_S = Math.floor(Date.now() / 60_000) * MINUTE_S - 4 * 3600
/** minutes since the begin of the history */
const at = (minutes: number) => (BEGIN_S + minutes * MINUTE_S) * 1000

/** Series and the minutes in which they were 1. */
const HISTORY: [series: string, from: number, to: number][] = [
  // a canary that is aborted, and later a version that replaces the one of before
  ['gateway_build_info{job="gateway",instance="a",version="v1"}', 0, 120],
  ['gateway_build_info{job="gateway",instance="b",version="v2"}', 20, 30],
  ['gateway_build_info{job="gateway",instance="b",version="v3"}', 100, 238],
  // a restart, then a version that replaces it while none runs for a moment
  ['events_build_info{job="events",instance="a",version="v1"}', 0, 40],
  ['events_build_info{job="events",instance="a",version="v1"}', 50, 60],
  ['events_build_info{job="events",instance="a",version="v2"}', 68, 238],
  // a canary that goes on
  ['payments_build_info{job="payments",instance="a",version="v1"}', 0, 238],
  ['payments_build_info{job="payments",instance="b",version="v2"}', 230, 238],
  ['alertmanager_build_info{job="alertmanager",version="0.33"}', 30, 238],
  // on two instances at once
  ['payments_fault_active{job="payments",fault="latency",instance="a"}', 100, 110],
  ['payments_fault_active{job="payments",fault="latency",instance="b"}', 105, 115],
  ['events_fault_active{job="events",fault="sealed",instance="a"}', 130.25, 130.75],
  ['events_fault_active{job="events",fault="error",instance="a"}', 220, 238],
  ['ALERTS{alertname="TargetDown",alertstate="firing",severity="critical",service="events"}', 41, 45],
  ['ALERTS{alertname="TargetDown",alertstate="firing",severity="critical",service="events"}', 80, 85],
  ['ALERTS{alertname="TargetDown",alertstate="pending",severity="critical",service="payments"}', 41, 45],
]

describe.skipIf(!prometheusFrom)('what Prometheus saw (needs Prometheus 3, or Docker)', () => {
  let prometheus: Prometheus
  let close: () => Promise<void>
  const period = { fromMs: at(0), toMs: at(238) }

  beforeAll(async () => {
    const server = await startPrometheus({ history: history() })
    prometheus = createPrometheus(server.url)
    close = server.close
  }, 60_000)
  afterAll(() => close())

  test('a canary is a deploy that ends when the old version has gone, or that was aborted before', async () => {
    const deploys = await observeDeploys(prometheus, period)
    expect(shown(deploys.filter(({ service }) => service === 'gateway'))).toEqual([
      { name: 'v2', begin: 20, from: 'v1', aborted: 'true' },
      { name: 'v3', begin: 100, from: 'v1', aborted: 'false' },
    ])
    expect(deploys.find(({ service }) => service === 'payments')).toMatchObject({
      name: 'v2',
      end: undefined,
      labels: { aborted: 'false' },
    })
  })

  test('a restart is no deploy, and neither is the first version, or one of another program', async () => {
    const deploys = await observeDeploys(prometheus, period)
    expect(shown(deploys.filter(({ service }) => service === 'events'))).toEqual([
      { name: 'v2', begin: 68, from: 'v1', aborted: 'false' },
    ])
    expect([...new Set(deploys.map(({ service }) => service))].sort()).toEqual([
      'events',
      'gateway',
      'payments',
    ])
  })

  test.each([
    ['of four hours', period],
    [
      'of 200 days, in which a step is longer than a fault',
      { fromMs: at(0) - 200 * 86_400_000, toMs: at(238) },
    ],
  ])('faults of a period %s are found, on several instances once', async (_, long) => {
    const faults = (await observeFaults(prometheus, long)).sort((a, b) => a.begin - b.begin)
    expect(faults.map(({ name, service }) => `${name} of ${service}`)).toEqual([
      'latency of payments',
      'sealed of events',
      'error of events',
    ])
    const [latency, sealed, error] = faults
    expectNear(latency?.begin, at(100))
    expectNear(latency?.end, at(115))
    expectNear(sealed?.begin, at(130.25))
    expectNear(sealed?.end, at(130.75))
    expect(error?.end).toBeUndefined()
  })

  test('an alert that fires twice is two episodes; one that was pending is none', async () => {
    const alerts = await observeAlerts(prometheus, period)
    expect(alerts.map(({ name, service, begin, end }) => [name, service, begin, end])).toEqual([
      ['TargetDown', 'events', at(41), at(45)],
      ['TargetDown', 'events', at(80), at(85)],
    ])
  })

  test('what began before the period begins with it, and what ended before it is not there', async () => {
    const alerts = await observeAlerts(prometheus, { fromMs: at(83), toMs: at(100) })
    expect(alerts.map(({ begin, end }) => [begin, end])).toEqual([[at(83), at(85)]])
    expect(await observeAlerts(prometheus, { fromMs: at(95), toMs: at(100) })).toEqual([])
    const duringCanary = await observeDeploys(prometheus, { fromMs: at(25), toMs: at(40) })
    expect(duringCanary).toEqual([])
  })
})

function shown(deploys: Episode[]) {
  return deploys.map(({ name, begin, labels }) => ({
    name,
    begin: Math.round((begin - at(0)) / 60_000),
    from: labels.from,
    aborted: labels.aborted,
  }))
}

/** Within two scrapes. */
function expectNear(actual: number | undefined, expected: number): void {
  expect(Math.abs((actual ?? 0) - expected)).toBeLessThanOrEqual(2 * SCRAPE_S * 1000)
}

/** Faults are 0 while they are not injected; the other series are not there. */
function history(): string {
  const lines: string[] = []
  for (let second = 0; second <= 238 * MINUTE_S; second += SCRAPE_S) {
    for (const series of new Set(HISTORY.map(([name]) => name))) {
      const minute = second / MINUTE_S
      const isOn = HISTORY.some(([name, from, to]) => name === series && minute >= from && minute <= to)
      if (isOn || series.includes('_fault_active')) {
        lines.push(`${series} ${isOn ? 1 : 0} ${BEGIN_S + second}`)
      }
    }
  }
  return lines.join('\n')
}
