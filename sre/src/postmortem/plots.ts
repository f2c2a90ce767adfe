import type { Episode, Period } from '../observed/episodes.ts'
import { renderTimePlot, type TimePlot } from '../plot/time-plot.ts'
import type { Prometheus } from '../prometheus.ts'
import { CannotTell } from '../verb.ts'
import { IMPACT_QUERIES } from './impact.ts'

export interface Plot {
  /** part of a file's name */
  name: string
  title: string
  query: string
  /** where a person sees the query, as it was then */
  link: string
  svg: string
  /** why it is empty */
  missing: string | undefined
}

interface Wanted {
  name: string
  title: string
  unit: string
  query: string
  nameOf(labels: Record<string, string>): string
  limit?: TimePlot['limit']
}

const MAX_STEPS = 400
const SCRAPE_MS = 15_000
const SELECTOR = IMPACT_QUERIES.total

const WANTED: Wanted[] = [
  {
    name: 'failed',
    title: 'Requests of buyers that failed',
    unit: '%',
    query: `100 * (sum(rate(${IMPACT_QUERIES.failed}[1m])) or vector(0)) / sum(rate(${SELECTOR}[1m]))`,
    nameOf: () => 'answered with a 5xx',
  },
  {
    name: 'requests',
    title: 'Requests of buyers by status',
    unit: 'requests/s',
    query: `sum by (status) (rate(${SELECTOR}[1m])) > 0`,
    nameOf: ({ status = '' }) => status,
  },
  {
    name: 'latency',
    title: 'How long buyers wait',
    unit: 's',
    query: `histogram_quantile(0.95, sum by (le) (rate(${SELECTOR.replace('gateway_requests_total', 'gateway_request_duration_seconds_bucket')}[1m])))`,
    nameOf: () => '95th percentile',
    limit: { value: 0.5, label: 'objective' },
  },
  {
    name: 'orders',
    title: 'Orders made',
    unit: 'orders/min',
    query: `60 * sum(rate(${IMPACT_QUERIES.orders}[1m]))`,
    nameOf: () => 'orders',
  },
]

/** The plots of an incident, with what happened as marks. A plot without data says so. */
export async function drawPlots(
  prometheus: Prometheus,
  period: Period,
  { begin, end, episodes }: { begin: number; end: number; episodes: Episode[] },
): Promise<Plot[]> {
  const stepMs = Math.max(SCRAPE_MS, Math.ceil((period.toMs - period.fromMs) / MAX_STEPS / 1000) * 1000)
  const marks: TimePlot['marks'] = [
    { at: begin, end, label: 'incident', kind: 'incident' },
    ...episodes.map((episode) => ({
      at: episode.begin,
      ...(episode.end !== undefined && episode.kind === 'fault' && { end: episode.end }),
      label: episode.kind === 'alert' ? episode.name : `${episode.service} ${episode.name}`,
      kind: episode.kind,
    })),
  ]
  return await Promise.all(
    WANTED.map(async ({ name, title, unit, query, nameOf, limit }) => {
      const { found, missing } = await prometheus.range(query, { ...period, stepMs }).then(
        (series) => ({
          found: series,
          missing: series.length === 0 ? 'Prometheus has no data of that time' : undefined,
        }),
        (error) => {
          if (!(error instanceof CannotTell)) throw error
          return { found: [], missing: error.message }
        },
      )
      const series = found.map(({ labels, points }) => ({ name: nameOf(labels), points }))
      const svg = renderTimePlot({
        title,
        unit,
        ...period,
        series,
        marks,
        ...(limit !== undefined && { limit }),
      })
      return { name, title, query, link: linkTo(prometheus, query, period), svg, missing }
    }),
  )
}

function linkTo(prometheus: Prometheus, query: string, { fromMs, toMs }: Period): string {
  const link = new URL(prometheus.linkTo(query))
  link.searchParams.set('g0.tab', '0')
  link.searchParams.set('g0.range_input', `${Math.ceil((toMs - fromMs) / 1000)}s`)
  link.searchParams.set('g0.end_input', new Date(toMs).toISOString().slice(0, 19).replace('T', ' '))
  return link.href
}
