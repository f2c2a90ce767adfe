import { CustomVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { BytesIEC, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units'
import { SERVICES } from '@quickticket/contract/services'
import { frame, instanceVariable } from './frame.ts'
import { stacked, state, table, timeSeries, words } from './panels.ts'
import { CHOSEN_INSTANCES, ofEveryService, orNone, TRAFFIC } from './sources.ts'

/** The chosen service, in front of the name of a metric. */
const SERVICE = `\${service}`

const OF_CHOSEN = `job="$service", ${CHOSEN_INSTANCES}`

export function services() {
  return frame({
    uid: 'quickticket-services',
    title: 'QuickTicket — Services',
    description: 'Each service by itself: rate, errors, duration, and what its process needs for it.',
    variables: [serviceVariable(), instanceVariable('$service')],
    rows: [
      { title: 'All services', height: 7, panels: [up(), overview()] },
      { title: '$service: rate, errors, duration', height: 8, panels: [rate(), errors(), duration()] },
      { title: '$service: log', height: 6, panels: [logLines(), slowPaths()] },
      {
        title: '$service: process',
        height: 7,
        panels: [eventLoopLag(), cpu(), memory(), garbageCollection()],
      },
      { title: 'events: PostgreSQL', height: 7, panels: [pool(), waiting()] },
      { title: 'gateway: protection', height: 7, panels: [circuit(), retries(), turnedAway()] },
      { title: 'gateway: calls', height: 7, panels: [inFlight(), clocks()] },
    ],
  })
}

const serviceVariable = () =>
  new CustomVariableBuilder('service')
    .label('Service')
    .values(SERVICES.join(','))
    .current({ selected: true, text: 'gateway', value: 'gateway' })

const up = () =>
  state(
    {
      title: 'Up',
      description: 'Whether Prometheus could read the metrics of a service a moment ago.',
      unit: 'none',
      runbook: 'target-down',
    },
    [{ expr: 'max by (job) (up)', legend: '{{job}}' }],
    words({ 0: ['DOWN', 'red'], 1: ['UP', 'green'] }),
  )

const TOTAL = `sum by (job) (rate(${ofEveryService('requests_total', TRAFFIC)}[$__rate_interval]))`

const overview = () =>
  table(
    {
      title: 'Overview',
      description:
        'Requests per second without /health, share of them answered 5xx, 95th percentile of duration, age of the process.',
      unit: 'none',
      runbook: 'high-error-rate',
    },
    'job',
    [
      { expr: TOTAL, legend: 'Rate' },
      {
        expr:
          `(sum by (job) (rate(${ofEveryService('requests_total', `${TRAFFIC}, status=~"5.."`)}[$__rate_interval])) ` +
          `or 0 * ${TOTAL}) / (${TOTAL} > 0)`,
        legend: 'Errors',
      },
      {
        expr:
          'histogram_quantile(0.95, sum by (job, le) ' +
          `(rate(${ofEveryService('request_duration_seconds_bucket', TRAFFIC)}[$__rate_interval])))`,
        legend: 'p95',
      },
      { expr: 'max by (job) (time() - process_start_time_seconds)', legend: 'Age' },
    ],
  )
    .decimals(2)
    .overrideByName('Rate', [{ id: 'unit', value: 'reqps' }])
    .overrideByName('Errors', [{ id: 'unit', value: 'percentunit' }])
    .overrideByName('p95', [{ id: 'unit', value: 's' }])
    .overrideByName('Age', [
      { id: 'unit', value: 'dtdurations' },
      { id: 'decimals', value: 0 },
    ])

const rate = () =>
  stacked(
    {
      title: 'Rate',
      description: 'Requests per second by path, without /health.',
      unit: RequestsPerSecond,
      runbook: 'no-traffic',
    },
    [
      {
        expr: `sum by (method, path) (rate(${SERVICE}_requests_total{${TRAFFIC}, ${CHOSEN_INSTANCES}}[$__rate_interval]))`,
        legend: '{{method}} {{path}}',
      },
    ],
  )

const errors = () =>
  stacked(
    {
      title: 'Answers that are no success',
      description: '4xx, 5xx and clients that left (499), per second, without /health.',
      unit: RequestsPerSecond,
      runbook: 'high-error-rate',
    },
    [
      {
        expr: orNone(
          `sum by (path, status) (rate(${SERVICE}_requests_total{${TRAFFIC}, ${CHOSEN_INSTANCES}, status!~"[123].."}[$__rate_interval])) > 0`,
          'path',
        ),
        legend: '{{path}} {{status}}',
      },
    ],
  )

const duration = () =>
  timeSeries(
    {
      title: 'Duration (p50 / p95 / p99)',
      description: 'Of all requests but /health.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [0.5, 0.95, 0.99].map((quantile) => ({
      expr:
        `histogram_quantile(${quantile}, ` +
        `sum by (le) (rate(${SERVICE}_request_duration_seconds_bucket{${TRAFFIC}, ${CHOSEN_INSTANCES}}[$__rate_interval])))`,
      legend: `p${quantile * 100}`,
      exemplars: true,
    })),
  )

const logLines = () =>
  stacked(
    {
      title: 'Log lines by level',
      description: 'Every 5xx is an ERROR line; injected faults and changes of the circuit are WARNINGs.',
      unit: 'cps',
      runbook: 'error-log-rate',
    },
    [
      {
        expr: `sum by (level) (rate(${SERVICE}_log_lines_total{${CHOSEN_INSTANCES}}[$__rate_interval]))`,
        legend: '{{level}}',
      },
    ],
  )

const slowPaths = () =>
  timeSeries(
    {
      title: 'p95 by path',
      description: 'Which requests are the slow ones.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr:
          'histogram_quantile(0.95, ' +
          `sum by (path, le) (rate(${SERVICE}_request_duration_seconds_bucket{${TRAFFIC}, ${CHOSEN_INSTANCES}}[$__rate_interval])))`,
        legend: '{{path}}',
        exemplars: true,
      },
    ],
  )

const eventLoopLag = () =>
  timeSeries(
    {
      title: 'Event loop lag',
      description: 'How much later than due a timer comes. While the loop is blocked, all requests wait.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [
      { expr: `max by (job) (nodejs_eventloop_lag_p99_seconds{${OF_CHOSEN}})`, legend: 'p99' },
      { expr: `max by (job) (nodejs_eventloop_lag_peak_seconds{${OF_CHOSEN}})`, legend: 'longest in 30 s' },
    ],
    ['green', [0.1, 'red']],
  )

const cpu = () =>
  timeSeries(
    {
      title: 'CPU',
      description: 'In cores. JavaScript itself runs on one: near 1 the service can do no more.',
      unit: 'none',
    },
    [
      { expr: `sum(rate(process_cpu_user_seconds_total{${OF_CHOSEN}}[$__rate_interval]))`, legend: 'user' },
      {
        expr: `sum(rate(process_cpu_system_seconds_total{${OF_CHOSEN}}[$__rate_interval]))`,
        legend: 'system',
      },
    ],
    ['green', [1, 'red']],
  )

const memory = () =>
  timeSeries(
    {
      title: 'Memory',
      description: 'What the process has from the system, and what JavaScript uses of it.',
      unit: BytesIEC,
    },
    [
      { expr: `max by (job) (process_resident_memory_bytes{${OF_CHOSEN}})`, legend: 'resident' },
      { expr: `max by (job) (nodejs_heap_size_used_bytes{${OF_CHOSEN}})`, legend: 'heap used' },
      { expr: `max by (job) (nodejs_external_memory_bytes{${OF_CHOSEN}})`, legend: 'external' },
    ],
  )

const garbageCollection = () =>
  stacked(
    {
      title: 'Garbage collection',
      description: 'Share of the time that went into it, by kind. The process does nothing else meanwhile.',
      unit: 'percentunit',
    },
    [
      {
        expr: `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${OF_CHOSEN}}[$__rate_interval]))`,
        legend: '{{kind}}',
      },
    ],
  )

const pool = () =>
  timeSeries(
    {
      title: 'Connections to PostgreSQL',
      description: 'In use and idle, and how many there may be (DB_MAX_CONNS).',
      unit: 'none',
      runbook: 'database-pool-saturated',
    },
    [
      { expr: 'sum(events_db_pool_size)', legend: 'in use' },
      { expr: 'sum(events_db_pool_in_use_max)', legend: 'most in use, 30 s' },
      { expr: 'sum(events_db_pool_idle)', legend: 'idle' },
      { expr: 'sum(events_db_pool_max)', legend: 'most' },
    ],
  )

const waiting = () =>
  timeSeries(
    {
      title: 'Requests that wait for a connection',
      description: 'After DB_ACQUIRE_TIMEOUT_MS they are answered 503.',
      unit: 'none',
      runbook: 'database-pool-saturated',
    },
    [
      { expr: 'sum(events_db_pool_waiting)', legend: 'waiting' },
      { expr: 'sum(events_db_pool_waiting_max)', legend: 'most waiting, 30 s' },
    ],
    ['green', [1, 'red']],
  )

const circuit = () =>
  state(
    {
      title: 'Circuit in front of payments',
      description:
        'OPEN: pays are answered 503 at once. Off, and so CLOSED, while CB_FAILURE_THRESHOLD is 0.',
      unit: 'none',
      runbook: 'circuit-open',
    },
    [
      {
        expr: 'max(gateway_circuit_breaker_state{state="half_open"}) + 2 * max(gateway_circuit_breaker_state{state="open"})',
        legend: 'circuit',
      },
    ],
    words({ 0: ['CLOSED', 'green'], 1: ['HALF OPEN', 'yellow'], 2: ['OPEN', 'red'] }),
  )

const retries = () =>
  stacked(
    {
      title: 'Retries of charges',
      description: 'What they came to. Off while RETRY_MAX is 1.',
      unit: 'cps',
      runbook: 'high-error-rate',
    },
    [
      {
        expr: orNone('sum by (result) (rate(gateway_retry_total[$__rate_interval]))', 'result'),
        legend: '{{result}}',
      },
    ],
  )

const turnedAway = () =>
  stacked(
    {
      title: 'Turned away',
      description: 'By the rate limiter (429), by a bulkhead and by load shedding (503), per second.',
      unit: RequestsPerSecond,
      runbook: 'high-error-rate',
    },
    [
      {
        expr: 'sum(rate(gateway_rate_limit_rejections_total[$__rate_interval])) or vector(0)',
        legend: 'rate limit',
      },
      {
        expr: 'sum(rate(gateway_bulkhead_rejections_total[$__rate_interval])) or vector(0)',
        legend: 'bulkhead',
      },
      { expr: 'sum(rate(gateway_shed_total[$__rate_interval])) or vector(0)', legend: 'shed' },
    ],
  )

const inFlight = () =>
  timeSeries(
    {
      title: 'Calls under way',
      description:
        'The most at once in the last 30 s, by the service that is called. A bulkhead is its limit.',
      unit: 'none',
      runbook: 'high-error-rate',
    },
    [{ expr: 'max by (target) (gateway_bulkhead_in_flight_max)', legend: '{{target}}' }],
  )

const clocks = () =>
  timeSeries(
    {
      title: 'Clocks',
      description:
        "Seconds, at least, that services are ahead of the gateway's clock, and PostgreSQL of that of events. Below 0: behind.",
      unit: Seconds,
      runbook: 'clock-difference',
    },
    [
      {
        expr: 'max by (target) ({__name__=~"(gateway|events)_clock_difference_seconds"})',
        legend: '{{target}}',
      },
    ],
  ).overrideByRegexp('.*', [{ id: 'min', value: null }])
