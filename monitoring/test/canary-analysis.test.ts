import { promtool } from '@quickticket/testing/promtool'
import { describe } from 'vitest'
import { analysisQueries } from './analysis-queries.ts'
import { counter, rehearsals, type Scenario } from './scenario.ts'

const CANARY = '5d8f7c9b6'
const STABLE = '7b6d5f4c8'
const MINUTES = '5m'

/** Requests of one kind, a second. */
interface Asked {
  path: string
  perSecond: number
  /** 200 unless it is said */
  status?: number
  /** takes longer than 500 ms */
  slow?: boolean
}

interface Measured {
  errorRate: number
  slowRequests: number
}

const NOTHING: Measured = { errorRate: Number.NaN, slowRequests: Number.NaN }
const GOOD: Measured = { errorRate: 0, slowRequests: 0 }

const LISTS: Asked = { path: '/events', perSecond: 2 }
const HEALTH: Asked = { path: '/health', perSecond: 2 }

describe.skipIf(!promtool)('analysis of a canary (skipped without promtool or its image)', () => {
  const rehearse = rehearsals()
  /** A canary beside pods of another version that serve buyers well. */
  const canary = (title: string, asked: Asked[], measured: Measured) =>
    rehearse(title, {
      rules: [],
      interval: '15s',
      series: { ...seriesOf(STABLE, [LISTS, HEALTH]), ...seriesOf(CANARY, asked) },
      firing: {},
      values: valuesOf(measured),
    })

  canary('that no Prometheus has found yet is no number', [], NOTHING)

  canary(
    'that is only asked by probes is no number, also when its version counts them',
    [HEALTH, { path: '/livez', perSecond: 0.5 }, { path: '/readyz', perSecond: 0.5 }],
    NOTHING,
  )

  canary(
    'that is only asked for what does not exist is no number',
    [{ path: 'unmatched', perSecond: 2, status: 404 }],
    NOTHING,
  )

  canary(
    'with less than one request in 5 s is no number, good or bad',
    [
      { path: '/events', perSecond: 0.1 },
      { path: '/events/{id}', perSecond: 0.08, status: 502, slow: true },
      HEALTH,
    ],
    NOTHING,
  )

  canary('with good traffic is 0', [LISTS, HEALTH], GOOD)

  canary(
    'that refuses what is no fault of its own is 0',
    [
      { path: '/events/{id}/reserve', perSecond: 1, status: 409 },
      { path: '/events', perSecond: 1, status: 429 },
    ],
    GOOD,
  )

  canary(
    'that fails all that buyers ask for is 1, however well it answers /health',
    [
      { path: '/events', perSecond: 2, status: 502 },
      { path: '/reserve/{id}/pay', perSecond: 1, status: 503 },
      HEALTH,
    ],
    { errorRate: 1, slowRequests: 0 },
  )

  canary(
    'that fails one request of four is 0.25',
    [{ ...LISTS, perSecond: 1.5 }, { path: '/reserve/{id}/pay', perSecond: 0.5, status: 503 }, HEALTH],
    { errorRate: 0.25, slowRequests: 0 },
  )

  canary(
    'whose /health fails is as good as what buyers see of it',
    [LISTS, { ...HEALTH, status: 503, slow: true }],
    GOOD,
  )

  canary('that makes all buyers wait is 1 in slow requests', [{ ...LISTS, slow: true }, HEALTH], {
    errorRate: 0,
    slowRequests: 1,
  })

  /** The same question without a choice of paths, as the course's own AnalysisTemplate asks it. */
  const canaryOfCourse = (title: string, asked: Asked[], errorRate: number) =>
    rehearse(title, {
      rules: [],
      interval: '15s',
      series: { ...seriesOf(STABLE, [LISTS, HEALTH]), ...seriesOf(CANARY, asked) },
      firing: {},
      values: valueIs(courseQuery(CANARY), errorRate),
    })

  canaryOfCourse(
    'by the template of the course: all-bad is 1 where kubelet asks /livez and /readyz, which are not counted',
    [
      { path: '/events', perSecond: 2, status: 502 },
      { path: '/reserve/{id}/pay', perSecond: 1, status: 503 },
    ],
    1,
  )

  canaryOfCourse(
    'by the template of the course: all-bad is 1 where /health says so as well, as without events',
    [
      { path: '/events', perSecond: 2, status: 502 },
      { ...HEALTH, status: 503 },
    ],
    1,
  )

  canaryOfCourse(
    'by the template of the course: good answers of /health hide bad ones',
    [{ path: '/events', perSecond: 2, status: 500 }, HEALTH],
    0.5,
  )

  canaryOfCourse('by the template of the course: /health alone makes a good canary', [HEALTH], 0)

  canaryOfCourse(
    'by the template of the course: without any request it is no number',
    [{ path: '/events', perSecond: 0 }],
    Number.NaN,
  )
})

/** What pods of one version expose; each path begins with a 0 for errors, as the services do it. */
function seriesOf(hash: string, asked: Asked[]): Record<string, string> {
  const entries = asked.flatMap(({ path, perSecond, status = 200, slow = false }) => {
    const labels = `job="gateway",rs_hash="${hash}",method="GET",path="${path}"`
    const at = (rate: number) => counter('15s', [rate, MINUTES])
    const foreseen = [200, 502, 503].map((code) => [
      `gateway_requests_total{${labels},status="${code}"}`,
      at(0),
    ])
    return [
      ...foreseen,
      [`gateway_requests_total{${labels},status="${status}"}`, at(perSecond)],
      [`gateway_request_duration_seconds_bucket{${labels},le="0.5"}`, at(slow ? 0 : perSecond)],
      [`gateway_request_duration_seconds_bucket{${labels},le="+Inf"}`, at(perSecond)],
      [`gateway_request_duration_seconds_count{${labels}}`, at(perSecond)],
    ]
  })
  return Object.fromEntries(entries)
}

/** Each query is one number: this one. */
function valuesOf({ errorRate, slowRequests }: Measured): NonNullable<Scenario['values']> {
  const queries = analysisQueries(CANARY)
  return {
    ...valueIs(queries['error-rate'] as string, errorRate),
    ...valueIs(queries['slow-requests'] as string, slowRequests),
  }
}

function valueIs(query: string, value: number): NonNullable<Scenario['values']> {
  // only NaN differs from itself
  const holds = Number.isNaN(value) ? `(${query}) != bool (${query})` : `(${query}) == bool ${value}`
  return { [`count(${query})`]: { '4m': 1 }, [holds]: { '4m': 1 } }
}

function courseQuery(hash: string): string {
  const all = `rs_hash="${hash}"`
  return (
    `(sum(rate(gateway_requests_total{${all},status=~"5.."}[60s])) or on() vector(0))` +
    ` / sum(rate(gateway_requests_total{${all}}[60s]))`
  )
}
