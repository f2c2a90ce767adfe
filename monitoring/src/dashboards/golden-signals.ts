import { BytesIEC, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units'
import { SERVICES } from '@quickticket/contract/services'
import { frame, instanceVariable } from './frame.ts'
import { gauge, heatmap, state, timeSeries, words } from './panels.ts'
import { CHOSEN_INSTANCES, BUYERS as OF_BUYERS, TRAFFIC as OF_CLIENTS } from './sources.ts'

const BUYERS = `${OF_BUYERS}, ${CHOSEN_INSTANCES}`
const TRAFFIC = `${OF_CLIENTS}, ${CHOSEN_INSTANCES}`
const OF_SERVICES = `job=~"${SERVICES.join('|')}"`

/** Lab 3: uid, title and names of panels are the lab's; alert rules point at panel 2. */
export function goldenSignals() {
  return frame({
    uid: 'quickticket-golden-signals',
    title: 'QuickTicket — Golden Signals',
    description: 'How the shop is doing, seen from the gateway: traffic, errors, latency, saturation.',
    variables: [instanceVariable('gateway')],
    rows: [
      { title: 'Traffic and errors', height: 8, panels: [requestRate(), errorRate()] },
      { title: 'Latency and saturation', height: 8, panels: [latency(), saturation()] },
      {
        title: 'Health and objectives',
        height: 7,
        panels: [health(), availability(), fastEnough(), burnRate()],
      },
      { title: 'Durations and processes', height: 8, panels: [durations(), cpu(), memory()] },
    ],
  })
}

const requestRate = () =>
  timeSeries(
    {
      title: 'Request Rate (Traffic)',
      description:
        'Requests per second by path, without /health. What was sent to paths that do not exist is one line, "unmatched".',
      unit: RequestsPerSecond,
      runbook: 'no-traffic',
    },
    [
      {
        expr: `sum by (path) (rate(gateway_requests_total{${TRAFFIC}}[$__rate_interval]))`,
        legend: '{{path}}',
      },
    ],
  )

const errorRate = () =>
  timeSeries(
    {
      title: 'Error Rate',
      description:
        'Share of what buyers asked for that was answered 5xx. Without traffic there is no share, and no line.',
      unit: 'percent',
      runbook: 'high-error-rate',
    },
    [
      {
        // a total outage leaves no other series than 5xx, health no 5xx: neither may empty the panel
        expr:
          `100 * (sum(rate(gateway_requests_total{${BUYERS}, status=~"5.."}[$__rate_interval])) or vector(0)) ` +
          `/ (sum(rate(gateway_requests_total{${BUYERS}}[$__rate_interval])) > 0)`,
        legend: '5xx',
      },
    ],
    ['green', [1, 'yellow'], [5, 'red']],
  )
    .max(100)
    .axisSoftMax(10)

const latency = () =>
  timeSeries(
    {
      title: 'Latency (p50 / p95 / p99)',
      description: 'How long buyers waited. The objective: 95 % below 500 ms.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [0.5, 0.95, 0.99].map((quantile) => ({
      expr:
        `histogram_quantile(${quantile}, ` +
        `sum by (le) (rate(gateway_request_duration_seconds_bucket{${BUYERS}}[$__rate_interval])))`,
      legend: `p${quantile * 100}`,
      exemplars: true,
    })),
    ['green', [0.5, 'red']],
  )

const saturation = () =>
  gauge(
    {
      title: 'Saturation (DB connections)',
      description:
        'Connections to PostgreSQL that events has in use: at this moment, which misses short queries, and the most at once in the ' +
        'last 30 s. DB_MAX_CONNS is 10 unless it was changed.',
      unit: 'none',
      runbook: 'database-pool-saturated',
    },
    [
      { expr: 'events_db_pool_size', legend: 'now' },
      { expr: 'events_db_pool_in_use_max', legend: 'most in 30 s' },
    ],
    [0, 10],
    ['green', [7, 'yellow'], [9, 'red']],
  )

const health = () =>
  state(
    {
      title: 'Service Health (up/down)',
      description: 'Whether Prometheus could read the metrics of a service a moment ago.',
      unit: 'none',
      runbook: 'target-down',
    },
    [{ expr: 'max by (job) (up)', legend: '{{job}}' }],
    words({ 0: ['DOWN', 'red'], 1: ['UP', 'green'] }),
  )

const availability = () =>
  gauge(
    {
      title: 'Availability SLO (99.5 %)',
      description: 'Share of requests in the last 5 minutes that were not answered 5xx.',
      unit: 'percent',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'gateway:sli_availability:ratio_rate5m * 100', legend: 'not 5xx' }],
    [99, 100],
    ['red', [99.5, 'green']],
  )

const fastEnough = () =>
  gauge(
    {
      title: 'Latency SLO (95 % below 500 ms)',
      description: 'Share of requests in the last 5 minutes that took less than 500 ms.',
      unit: 'percent',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'gateway:sli_latency_500ms:ratio_rate5m * 100', legend: 'below 500 ms' }],
    [90, 100],
    ['red', [95, 'green']],
  )

const burnRate = () =>
  timeSeries(
    {
      title: 'Error budget burn rate',
      description:
        'How many times faster than allowed errors used up the budget in the last 5 minutes; at 1 it lasts exactly 7 days.',
      unit: 'none',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'gateway:error_budget_burn_rate:ratio_rate5m', legend: 'burn rate' }],
    ['green', [1, 'yellow'], [6, 'red']],
  )

const durations = () =>
  heatmap(
    {
      title: 'How many took how long',
      description:
        'Requests of buyers by duration: two bands are two kinds of requests, which a percentile hides.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    `sum by (le) (increase(gateway_request_duration_seconds_bucket{${BUYERS}}[$__rate_interval]))`,
  )

const cpu = () =>
  timeSeries(
    {
      title: 'CPU',
      description:
        'Cores that each service uses, all instances together. JavaScript itself runs on one for each instance.',
      unit: 'none',
    },
    [
      {
        expr: `sum by (job) (rate(process_cpu_seconds_total{${OF_SERVICES}}[$__rate_interval]))`,
        legend: '{{job}}',
      },
    ],
  )

const memory = () =>
  timeSeries(
    {
      title: 'Memory',
      description: 'What the largest instance of each service has from the system.',
      unit: BytesIEC,
    },
    [{ expr: `max by (job) (process_resident_memory_bytes{${OF_SERVICES}})`, legend: '{{job}}' }],
  )
