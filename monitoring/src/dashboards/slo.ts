import {
  QueryVariableBuilder,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { frame } from './frame.ts'
import { type Steps, stat, state, stateTimeline, table, thresholds, timeSeries, words } from './panels.ts'
import { CHOSEN_SOURCE, orNone } from './sources.ts'

/** Below this share of its budget left, an SLO lets only careful people release. */
const CAREFUL_BELOW = 0.25

export function slo() {
  return frame({
    uid: 'quickticket-slo',
    title: 'QuickTicket — SLO',
    description: 'What was promised, how much of the error budget is left, and how fast it goes.',
    variables: [sloVariable()],
    rows: [
      {
        title: 'All objectives',
        height: 7,
        panels: [mayWeRelease(), dataOfTheLast(), objectives()],
        widths: [5, 4, 15],
      },
      { title: '$slo', height: 8, panels: [remaining(), burnNow(), lasts(), burnRates()] },
      { title: 'How it went', height: 8, panels: [remainingOfAll(), errorRatios()] },
      { title: 'Alerts', height: 7, panels: [alerts()] },
    ],
  })
}

const sloVariable = () =>
  new QueryVariableBuilder('slo')
    .label('SLO')
    .datasource(CHOSEN_SOURCE)
    .query({ query: 'label_values(slo:objective:ratio, slo)', refId: 'slo' })
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.AlphabeticalAsc)
    .current({ selected: true, text: 'gateway-availability', value: 'gateway-availability' })

/** From here on, for the last 5 minutes and for the last hour, an SLO is being broken right now. */
const FAST_BURN = 6

const LEFT = 'min(slo:error_budget_remaining:ratio)'
const BURN_5M = 'slo:sli_error:ratio_rate5m / slo:error_budget:ratio'
const BURN_1H = 'slo:burn_rate:ratio'
const isThere = (series: string) => `((count(${series}) or vector(0)) > bool 0)`

/** 0: no, 1: with care, 2: yes; one for each signal. */
const SIGNALS = {
  budget: `(${LEFT} > bool 0) + (${LEFT} >= bool ${CAREFUL_BELOW})`,
  burn:
    `2 - ${isThere(`${BURN_5M} > 1 or ${BURN_1H} > 1`)} ` +
    `- ${isThere(`${BURN_5M} > ${FAST_BURN} and ${BURN_1H} > ${FAST_BURN}`)}`,
  alerts: `2 - 2 * ${isThere('ALERTS{alertstate="firing", severity="critical"}')}`,
}

/** The worst of the signals: a budget of weeks is nearly full after minutes in which everything failed. No objectives, no answer. */
export const MAY_WE_RELEASE = `min(${Object.entries(SIGNALS)
  .map(([signal, expr]) => `label_replace(${expr}, "signal", "${signal}", "", "")`)
  .join(' or ')}) and on () ${LEFT}`

const mayWeRelease = () =>
  state(
    {
      title: 'May we release?',
      description:
        'The worst of three signals. NO: a budget is overspent, or one burns more than ' +
        `${FAST_BURN} times too fast, in the last 5 minutes and the last hour, or a critical alert fires. WITH CARE: one has less ` +
        `than ${100 * CAREFUL_BELOW} % left, or burns faster than it may. YES: none of these.`,
      unit: 'none',
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr: MAY_WE_RELEASE,
        legend: 'release',
      },
    ],
    words({ 0: ['NO', 'red'], 1: ['WITH CARE', 'yellow'], 2: ['YES', 'green'] }),
  ).noValue('NO DATA')

/** Seconds that Prometheus has been watching, up to the week that each SLO has a series for. */
const WATCHED = 'max(slo:coverage:ratio7d) * 7 * 86400'

const dataOfTheLast = () =>
  stat(
    {
      title: 'Data of the last',
      description:
        'How long Prometheus has been watching, at most 7 days. What it has not seen counts as good: a budget of weeks says ' +
        'little after minutes, and burn rates say more.',
      unit: 'dtdurations',
      runbook: 'slo-burn-rate',
    },
    [{ expr: WATCHED, legend: 'watched' }],
    ['red', [600, 'yellow'], [86_400, 'green']],
  ).decimals(0)

const objectives = () =>
  table(
    {
      title: 'Objectives',
      description:
        'Each over its whole window. Budget left: 100 % is all of it, below 0 % more was spent than there was.',
      unit: 'percentunit',
      runbook: 'slo-burn-rate',
    },
    'slo',
    [
      { expr: 'max by (slo) (slo:window:days)', legend: 'Window' },
      { expr: 'max by (slo) (slo:objective:ratio)', legend: 'Objective' },
      {
        expr: 'max by (slo) (1 - (1 - slo:error_budget_remaining:ratio) * slo:error_budget:ratio)',
        legend: 'Reached',
      },
      { expr: 'max by (slo) (slo:error_budget_remaining:ratio)', legend: 'Budget left' },
      { expr: 'max by (slo) (slo:burn_rate:ratio)', legend: 'Burn rate' },
    ],
  )
    .decimals(3)
    .overrideByName('Window', [
      { id: 'unit', value: 'd' },
      { id: 'decimals', value: 0 },
    ])
    .overrideByName('Budget left', [
      { id: 'decimals', value: 1 },
      { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
      { id: 'thresholds', value: budgetSteps().build() },
    ])
    .overrideByName('Burn rate', [
      { id: 'unit', value: 'none' },
      { id: 'decimals', value: 2 },
    ])

const BUDGET_STEPS: Steps = ['red', [0, 'yellow'], [CAREFUL_BELOW, 'green']]

const budgetSteps = () => thresholds(BUDGET_STEPS)

const remaining = () =>
  stat(
    {
      title: 'Error budget left',
      description:
        'Of the whole window, and what Prometheus has not seen of it counts as good. Below 0: more failed than the objective allows.',
      unit: 'percentunit',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'slo:error_budget_remaining:ratio{slo="$slo"}', legend: '{{slo}}' }],
    BUDGET_STEPS,
  ).decimals(1)

const lasts = () =>
  stat(
    {
      title: 'At this rate it lasts',
      description:
        'What is left of the budget, divided by how fast it goes in the last hour; a year where hardly anything goes.',
      unit: 'dtdurations',
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr:
          'clamp_max(clamp_min(slo:error_budget_remaining:ratio{slo="$slo"}, 0) * slo:window:days{slo="$slo"} * 86400 ' +
          '/ clamp_min(slo:burn_rate:ratio{slo="$slo"}, 0.001), 365 * 86400)',
        legend: '{{slo}}',
      },
    ],
    ['red', [86_400, 'yellow'], [7 * 86_400, 'green']],
  ).decimals(0)

const burnNow = () =>
  stat(
    {
      title: 'Burn rate now',
      description: 'At 1 the budget lasts exactly as long as the window.',
      unit: 'none',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'slo:burn_rate:ratio{slo="$slo"}', legend: '{{slo}}' }],
    ['green', [1, 'yellow'], [FAST_BURN, 'red']],
  ).decimals(2)

/** The pairs of windows that alerts compare: a long one that says it matters, a short one that says it still goes on. */
const BURN_WINDOWS = ['5m', '30m', '1h', '6h', '1d', '3d']

const burnRates = () =>
  timeSeries(
    {
      title: 'Burn rate by window',
      description: 'Alerts fire when a long window and a short one are both above their threshold.',
      unit: 'none',
      runbook: 'slo-burn-rate',
    },
    BURN_WINDOWS.map((window) => ({
      expr: `slo:sli_error:ratio_rate${window}{slo="$slo"} / slo:error_budget:ratio{slo="$slo"}`,
      legend: window,
    })),
    ['green', [1, 'yellow'], [FAST_BURN, 'red']],
  )

const remainingOfAll = () =>
  timeSeries(
    {
      title: 'Error budget left, all SLOs',
      description: 'Falls while errors happen and rises when they leave the window.',
      unit: 'percentunit',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'max by (slo) (slo:error_budget_remaining:ratio)', legend: '{{slo}}' }],
    BUDGET_STEPS,
  )
    .max(1)
    .overrideByRegexp('.*', [{ id: 'min', value: null }])

const errorRatios = () =>
  timeSeries(
    {
      title: 'Share of bad requests, last 5 minutes',
      description: 'Bad is what the SLO calls so: answered 5xx, or slower than 500 ms.',
      unit: 'percentunit',
      runbook: 'high-error-rate',
    },
    [{ expr: 'max by (slo) (slo:sli_error:ratio_rate5m)', legend: '{{slo}}' }],
  )

const FIRING: ValueMapping[] = words({ 0: ['none', 'green'], 1: ['firing', 'red'] })

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
    FIRING,
  )
