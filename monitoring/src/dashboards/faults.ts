import { RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units'
import { frame } from './frame.ts'
import { stacked, stateTimeline, timeSeries, words } from './panels.ts'
import { BUYERS, ofEveryService, orNone, TRAFFIC } from './sources.ts'

/** What was injected is the truth; all else is what an observer can see of it. */
export function faults() {
  return frame({
    uid: 'quickticket-faults',
    title: 'QuickTicket — Faults',
    description:
      'What is injected on purpose, and what is seen of it: by customers, by each service, by alerts.',
    rows: [
      { title: 'Injected', height: 7, panels: [active(), injected()] },
      { title: 'Seen by customers', height: 7, panels: [errorsSeen(), latencySeen(), unansweredSeen()] },
      {
        title: 'Seen by services',
        height: 7,
        panels: [errorsByService(), durationByService(), lagByService()],
      },
      { title: 'Seen by alerts', height: 7, panels: [alerts(), restarts()] },
    ],
  })
}

const active = () =>
  stateTimeline(
    {
      title: 'In force',
      description:
        'A fault by kind, from the start of its window until the end, also while it affects no request.',
      unit: 'none',
    },
    [
      {
        expr: orNone(`max by (job, fault) (${ofEveryService('fault_active')})`, 'fault'),
        legend: '{{job}} {{fault}}',
      },
    ],
    words({ 0: ['no', 'green'], 1: ['in force', 'orange'] }),
  )

const injected = () =>
  stacked(
    {
      title: 'Injected per second',
      description: 'How often each fault struck.',
      unit: 'cps',
    },
    [
      {
        expr: orNone(
          `sum by (job, fault, path) (rate(${ofEveryService('faults_injected_total')}[$__rate_interval]))`,
          'fault',
        ),
        legend: '{{job}} {{fault}} {{path}}',
      },
    ],
  )

const errorsSeen = () =>
  stacked(
    {
      title: 'Answered 5xx by the gateway',
      description: 'Per second, by path and status.',
      unit: RequestsPerSecond,
      runbook: 'high-error-rate',
    },
    [
      {
        expr: orNone(
          `sum by (path, status) (rate(gateway_requests_total{${BUYERS}, status=~"5.."}[$__rate_interval])) > 0`,
          'path',
        ),
        legend: '{{path}} {{status}}',
      },
    ],
  )

const latencySeen = () =>
  timeSeries(
    {
      title: 'p99 of the gateway by path',
      description: 'Where delays arrive.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr:
          'histogram_quantile(0.99, ' +
          `sum by (path, le) (rate(gateway_request_duration_seconds_bucket{${BUYERS}}[$__rate_interval])))`,
        legend: '{{path}}',
        exemplars: true,
      },
    ],
    ['green', [0.5, 'red']],
  )

const unansweredSeen = () =>
  timeSeries(
    {
      title: 'Clients that left',
      description: 'Counted as 499: they waited longer than they wanted to. Per second.',
      unit: RequestsPerSecond,
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr: orNone(
          `sum by (job) (rate(${ofEveryService('requests_total', `${TRAFFIC}, status="499"`)}[$__rate_interval]))`,
          'job',
        ),
        legend: '{{job}}',
      },
    ],
  )

const errorsByService = () =>
  stacked(
    {
      title: '5xx by service',
      description: 'Where an error begins: the service furthest from the customer that has it.',
      unit: RequestsPerSecond,
      runbook: 'high-error-rate',
    },
    [
      {
        expr: orNone(
          `sum by (job) (rate(${ofEveryService('requests_total', `${TRAFFIC}, status=~"5.."`)}[$__rate_interval]))`,
          'job',
        ),
        legend: '{{job}}',
      },
    ],
  )

const durationByService = () =>
  timeSeries(
    {
      title: 'p99 by service',
      description: 'Where a delay begins.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr:
          'histogram_quantile(0.99, sum by (job, le) ' +
          `(rate(${ofEveryService('request_duration_seconds_bucket', TRAFFIC)}[$__rate_interval])))`,
        legend: '{{job}}',
        exemplars: true,
      },
    ],
  )

const lagByService = () =>
  timeSeries(
    {
      title: 'Longest event loop lag',
      description: 'A blocked process answers no request, probes included.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'max by (job) (nodejs_eventloop_lag_peak_seconds)', legend: '{{job}}' }],
    ['green', [0.1, 'red']],
  )

const alerts = () =>
  stateTimeline(
    {
      title: 'Alerts that fire',
      description: 'Each alert of Prometheus while it fires.',
      unit: 'none',
    },
    [
      {
        expr: orNone('max by (alertname) (ALERTS{alertstate="firing"})', 'alertname'),
        legend: '{{alertname}}',
      },
    ],
    words({ 0: ['none', 'green'], 1: ['firing', 'red'] }),
  )

const restarts = () =>
  timeSeries(
    {
      title: 'Restarts',
      description:
        'Processes that restarted in the last minutes, and so lost injected faults, circuits and limits.',
      unit: 'none',
      runbook: 'target-down',
    },
    [{ expr: 'max by (job) (changes(process_start_time_seconds[$__rate_interval]))', legend: '{{job}}' }],
  )
