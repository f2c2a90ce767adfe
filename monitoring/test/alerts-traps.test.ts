import { promtool } from '@quickticket/testing/promtool'
import { describe } from 'vitest'
import { gatewaySeries, onGateway } from './gateway-series.ts'
import { counter, gauge, rehearsals } from './scenario.ts'

const HIGH_ERROR_RATE = 'QuickTicket High Error Rate'
const BURN_RATE = 'QuickTicket SLO Burn Rate gateway-availability'
const PAGE = 'SLOBurnRatePage gateway-availability'
const TICKET = 'SLOBurnRateTicket gateway-availability'
const ABSENT = ['checkout-availability', 'gateway-availability', 'gateway-latency'].map(
  (slo) => `SLOMetricAbsent ${slo}`,
)

/** What lab 6 asks for, word for word. */
const LAB_BURN_RATE = `(1 - (sum(rate(gateway_requests_total{status!~"5.."}[30m])) / sum(rate(gateway_requests_total[30m])))) / (1 - 0.995)`

describe.skipIf(!promtool)('traps (skipped without promtool or the image of Prometheus)', () => {
  const rehearse = rehearsals()
  const when = onGateway(rehearse)

  rehearse('only series of 5xx exist: that is 100 % errors, where the words of the lab say nothing', {
    interval: '30s',
    series: onlyFailures('30s'),
    firing: { '10m': [BURN_RATE, HIGH_ERROR_RATE, PAGE, TICKET] },
    values: {
      'gateway:sli_availability:ratio_rate5m': { '10m': 0 },
      'slo:sli_error:ratio_rate1h{slo="gateway-availability"}': { '10m': 1 },
      [LAB_BURN_RATE]: { '10m': null },
    },
  })

  when(
    'good answers of /health do not hide that everything fails',
    '30s',
    [{ for: '10m', perSecond: 0.02, failing: 1 }],
    { firing: {}, values: { 'gateway:sli_availability:ratio_rate5m': { '8m': 0 } } },
  )

  when('no traffic: no ratio, and no alert', '1m', [{ for: '40m' }, { for: '1h', perSecond: 0 }], {
    firing: { '45m': [], '1h': [], '1h39m': [] },
    values: { 'gateway:sli_availability:ratio_rate5m': { '39m': 1, '1h': null } },
  })

  when(
    'a Prometheus of 8 minutes: a blip of 2 minutes with 20 % errors does not page',
    '15s',
    [{ for: '8m' }, { for: '2m', failing: 0.2 }, { for: '30m' }],
    {
      firing: {
        '9m': [],
        '10m45s': [],
        // the lab's threshold and waiting time, whatever the age
        '11m': [HIGH_ERROR_RATE],
        '13m30s': [],
        '35m': [],
      },
      values: {
        // what an alert on the ratio alone would have seen, against a limit of 1.68 %
        'slo:sli_error:ratio_rate1h{slo="gateway-availability"}': { '10m': 0.0395 },
        'slo:error_budget_remaining:ratio{slo="gateway-availability"}': { '20m': 0.9921 },
      },
    },
  )

  const pays = 0.04
  when(
    'a Prometheus of 8 minutes: every payment fails for 2 minutes, and the checkout does not page',
    '15s',
    [
      { for: '8m', pays },
      { for: '2m', pays, paysFailing: 1 },
      { for: '30m', pays },
    ],
    { firing: { '9m': [], '10m': [], '12m': [], '30m': [] } },
  )

  for (const [age, at] of [
    ['8m', '9m'],
    ['2h', '2h1m'],
  ] as const) {
    when(
      `2 minutes without any answer are 4 % of the week: a page, also where Prometheus is ${age} old`,
      '30s',
      [{ for: age }, { for: '2m', failing: 1 }, { for: '5m' }],
      { rules: ['slo-gateway-availability.yml'], firing: { [age]: [], [at]: [PAGE] } },
    )
  }

  rehearse('a Prometheus that starts at no round time knows how long it has been watching', {
    interval: '30s',
    series: { 'up{job="gateway"}': gauge('30s', ['gone', '10m'], [1, '10m']) },
    firing: {},
    values: {
      'slo:coverage:ratio1d{slo="gateway-availability"}': { '18m': 0.0056 },
      'slo:coverage:ratio7d{slo="gateway-availability"}': { '18m': 0.0007 },
      // 8 minutes of 30 days
      'slo:coverage:ratio30d{slo="checkout-availability"}': { '18m': 0.0002 },
    },
  })

  when(
    'a gateway that vanishes does not look healthy',
    '30s',
    [{ for: '30m' }, { for: '30m', gone: true }, { for: '15m' }],
    {
      firing: {
        '30m30s': [],
        '31m': ['TargetDown'],
        '39m': ['TargetDown'],
        '39m30s': ['TargetDown', ...ABSENT],
        '59m30s': ['TargetDown', ...ABSENT],
        '1h4m30s': ['TargetDown'],
        '1h5m': [],
      },
      values: {
        'gateway:sli_availability:ratio_rate5m': { '29m': 1, '50m': null },
        'gateway:sli_latency_500ms:ratio_rate5m': { '29m': 1, '50m': null },
      },
    },
  )

  rehearse('a gateway that is in no list of targets any more is down too', {
    interval: '30s',
    series: {
      'up{job="events"}': gauge('30s', [1, '5m']),
      'up{job="payments"}': gauge('30s', [1, '5m']),
    },
    firing: { '30s': [], '1m30s': ['TargetDown'] },
  })
})

function onlyFailures(interval: string): Record<string, string> {
  const series = Object.entries(gatewaySeries(interval, [{ for: '30m' }]))
  const failing = 'gateway_requests_total{job="gateway",method="GET",path="/events",status="502"}'
  return {
    ...Object.fromEntries(series.filter(([name]) => !name.includes('status="200"'))),
    [failing]: counter(interval, [1, '30m']),
  }
}
