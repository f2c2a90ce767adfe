import {
  QueryVariableBuilder,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { frame } from './frame.ts'
import { stat, state, stateTimeline, table, thresholds, timeSeries, words } from './panels.ts'
import { orNone, PROMETHEUS } from './sources.ts'

/** Below this share of its budget left, an SLO lets only careful people release. */
const CAREFUL_BELOW = 0.25

export function slo() {
  return frame({
    uid: 'quickticket-slo',
    title: 'QuickTicket — SLO',
    description: 'What was promised, how much of the error budget is left, and how fast it goes.',
    variables: [sloVariable()],
    rows: [
      { title: 'All objectives', height: 7, panels: [mayWeRelease(), objectives()] },
      { title: '$slo', height: 8, panels: [remaining(), burnNow(), burnRates()] },
      { title: 'How it went', height: 8, panels: [remainingOfAll(), errorRatios()] },
      { title: 'Alerts', height: 7, panels: [alerts()] },
    ],
  })
}

const sloVariable = () =>
  new QueryVariableBuilder('slo')
    .label('SLO')
    .datasource(PROMETHEUS)
    .query({ query: 'label_values(slo:objective:ratio, slo)', refId: 'slo' })
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.AlphabeticalAsc)
    .current({ selected: true, text: 'gateway-availability', value: 'gateway-availability' })

const LEFT = 'min(slo:error_budget_remaining:ratio)'

const mayWeRelease = () =>
  state(
    {
      title: 'May we release?',
      description:
        `NO: an SLO has overspent its budget. WITH CARE: one has less than ${100 * CAREFUL_BELOW} % left, or burns faster ` +
        'than it may. YES: neither.',
      unit: 'none',
      runbook: 'slo-burn-rate',
    },
    [
      {
        expr:
          `(${LEFT} > bool 0) * (1 + (${LEFT} >= bool ${CAREFUL_BELOW}) * ` +
          '((max(slo:burn_rate:ratio) <= bool 1) or on() vector(1)))',
        legend: 'release',
      },
    ],
    words({ 0: ['NO', 'red'], 1: ['WITH CARE', 'yellow'], 2: ['YES', 'green'] }),
  )

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

const budgetSteps = () =>
  thresholds(
    [
      [0, 'yellow'],
      [CAREFUL_BELOW, 'green'],
    ],
    'red',
  )

const remaining = () =>
  stat(
    {
      title: 'Error budget left',
      description: 'Of the whole window. Below 0: more failed than the objective allows.',
      unit: 'percentunit',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'slo:error_budget_remaining:ratio{slo="$slo"}', legend: '{{slo}}' }],
  )
    .thresholds(budgetSteps())
    .decimals(1)

const burnNow = () =>
  stat(
    {
      title: 'Burn rate now',
      description: 'At 1 the budget lasts exactly as long as the window.',
      unit: 'none',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'slo:burn_rate:ratio{slo="$slo"}', legend: '{{slo}}' }],
    [
      [1, 'yellow'],
      [6, 'red'],
    ],
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
    [[1, 'yellow']],
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
    [[0, 'red']],
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
