import { describe, expect, test } from 'vitest'
import { gatewaySeries, type Phase } from './gateway-series.ts'
import { promtool } from './promtool.ts'
import { counter, failures, gauge, type Scenario } from './scenario.ts'

const HIGH_ERROR_RATE = 'QuickTicket High Error Rate'
const BURN_RATE = 'QuickTicket SLO Burn Rate gateway-availability'
const PAGE = 'SLOBurnRatePage gateway-availability'
const TICKET = 'SLOBurnRateTicket gateway-availability'

/** What lab 6 asks for, word for word. */
const LAB_BURN_RATE = `(1 - (sum(rate(gateway_requests_total{status!~"5.."}[30m])) / sum(rate(gateway_requests_total[30m])))) / (1 - 0.995)`

const AVAILABILITY = ['lab.yml', 'slo-gateway-availability.yml']

type Expected = Pick<Scenario, 'firing' | 'values' | 'rules'>

const when = (interval: string, phases: Phase[], expected: Expected) =>
  failures({ interval, series: gatewaySeries(interval, phases), ...expected })

describe.skipIf(!promtool)(
  'objectives (skipped without promtool or the image of Prometheus)',
  { timeout: 180_000 },
  () => {
    test('everything fails for 10 minutes', () => {
      const phases: Phase[] = [{ for: '2h' }, { for: '10m', failing: 1 }, { for: '1h' }]
      expect(
        when('30s', phases, {
          rules: AVAILABILITY,
          firing: {
            '2h30s': [],
            '2h1m': [PAGE],
            '2h1m30s': [PAGE],
            '2h2m': [HIGH_ERROR_RATE, PAGE],
            '2h5m30s': [HIGH_ERROR_RATE, PAGE],
            '2h6m': [BURN_RATE, HIGH_ERROR_RATE, PAGE],
            '2h7m': [BURN_RATE, HIGH_ERROR_RATE, PAGE, TICKET],
            '2h13m30s': [BURN_RATE, HIGH_ERROR_RATE, PAGE, TICKET],
            '2h14m': [BURN_RATE, PAGE, TICKET],
            '2h38m30s': [BURN_RATE, PAGE, TICKET],
            '2h39m': [TICKET],
          },
          values: {
            'gateway:sli_availability:ratio_rate5m': { '1h59m': 1, '2h9m': 0 },
            'gateway:error_budget_burn_rate:ratio_rate5m': { '2h9m': 200 },
            'slo:error_budget_remaining:ratio{slo="gateway-availability"}': { '1h59m': 1, '2h20m': 0.8019 },
          },
        }),
      ).toBeUndefined()
    })

    test('10 % fail for half an hour', () => {
      expect(
        when('1m', [{ for: '2h' }, { for: '30m', failing: 0.1 }, { for: '1h' }], {
          rules: AVAILABILITY,
          firing: {
            '2h3m': [],
            '2h4m': [HIGH_ERROR_RATE],
            '2h9m': [HIGH_ERROR_RATE],
            '2h10m': [HIGH_ERROR_RATE, PAGE],
            '2h12m': [HIGH_ERROR_RATE, PAGE],
            '2h13m': [BURN_RATE, HIGH_ERROR_RATE, PAGE],
            '2h31m': [BURN_RATE, HIGH_ERROR_RATE, PAGE],
            '2h32m': [BURN_RATE, PAGE],
            '2h49m': [BURN_RATE, PAGE],
            '2h50m': [PAGE],
            '2h55m': [PAGE],
            '2h56m': [],
          },
        }),
      ).toBeUndefined()
    })

    test('4 % fail: below the threshold of the lab, a page after 25 minutes, its burn rate after 27', () => {
      expect(
        when('1m', [{ for: '2h' }, { for: '2h', failing: 0.04 }], {
          rules: AVAILABILITY,
          firing: {
            '2h24m': [],
            '2h25m': [PAGE],
            '2h26m': [PAGE],
            '2h27m': [BURN_RATE, PAGE],
            '3h59m': [BURN_RATE, PAGE],
          },
        }),
      ).toBeUndefined()
    })

    test('0.6 % fail for a day: a ticket after 20 hours, and no page', () => {
      expect(
        when('2m', [{ for: '2h' }, { for: '22h', failing: 0.006 }], {
          rules: AVAILABILITY.slice(1),
          firing: { '21h50m': [], '22h30m': [TICKET], '23h50m': [TICKET] },
        }),
      ).toBeUndefined()
    })

    test('0.4 % fail: within the budget, so nothing fires', () => {
      expect(
        when('2m', [{ for: '2h' }, { for: '24h', failing: 0.004 }], {
          rules: AVAILABILITY.slice(1),
          firing: { '6h': [], '16h': [], '25h': [] },
        }),
      ).toBeUndefined()
    })

    test('a quarter is slow: the latency objective pages after 40 minutes', () => {
      expect(
        when('1m', [{ for: '2h' }, { for: '1h', slow: 0.25 }, { for: '10m' }], {
          rules: ['lab.yml', 'slo-gateway-latency.yml'],
          firing: {
            '2h39m': [],
            '2h40m': ['SLOBurnRatePage gateway-latency'],
            '3h': ['SLOBurnRatePage gateway-latency'],
            '3h1m': [],
          },
          values: { 'gateway:sli_latency_500ms:ratio_rate5m': { '1h59m': 1, '2h30m': 0.75 } },
        }),
      ).toBeUndefined()
    })

    test('nobody can pay, which is 5 % of all: the checkout pages after 8 minutes', () => {
      const phases: Phase[] = [
        { for: '2h', pays: 0.05 },
        { for: '30m', pays: 0.05, paysFailing: 1 },
      ]
      expect(
        when('1m', phases, {
          rules: ['slo-checkout-availability.yml'],
          firing: {
            '2h7m': [],
            '2h8m': ['SLOBurnRatePage checkout-availability'],
          },
        }),
      ).toBeUndefined()
    })
  },
)

describe.skipIf(!promtool)(
  'traps (skipped without promtool or the image of Prometheus)',
  { timeout: 180_000 },
  () => {
    test('only series of 5xx exist: that is 100 % errors, where the words of the lab say nothing', () => {
      const interval = '30s'
      const all = gatewaySeries(interval, [{ for: '30m' }])
      const series = Object.fromEntries(
        Object.entries(all).filter(([name]) => !name.includes('status="200"')),
      )
      const failing = 'gateway_requests_total{job="gateway",method="GET",path="/events",status="502"}'
      series[failing] = counter(interval, [1, '30m'])
      expect(
        failures({
          interval,
          series,
          firing: { '10m': [BURN_RATE, HIGH_ERROR_RATE, PAGE, TICKET] },
          values: {
            'gateway:sli_availability:ratio_rate5m': { '10m': 0 },
            'slo:sli_error:ratio_rate1h{slo="gateway-availability"}': { '10m': 1 },
            [LAB_BURN_RATE]: { '10m': null },
          },
        }),
      ).toBeUndefined()
    })

    test('probes that succeed do not hide that everything fails', () => {
      expect(
        when('30s', [{ for: '10m', perSecond: 0.02, failing: 1 }], {
          firing: {},
          values: { 'gateway:sli_availability:ratio_rate5m': { '8m': 0 } },
        }),
      ).toBeUndefined()
    })

    test('no traffic: no ratio, and no alert', () => {
      expect(
        when('1m', [{ for: '40m' }, { for: '1h', perSecond: 0 }], {
          firing: { '45m': [], '1h': [], '1h39m': [] },
          values: { 'gateway:sli_availability:ratio_rate5m': { '39m': 1, '1h': null } },
        }),
      ).toBeUndefined()
    })

    test('a Prometheus of 8 minutes: a blip of 2 minutes with 20 % errors pages nobody', () => {
      expect(
        when('15s', [{ for: '8m' }, { for: '2m', failing: 0.2 }, { for: '30m' }], {
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
        }),
      ).toBeUndefined()
    })

    test('a Prometheus of 8 minutes: nobody can pay for 2 minutes, and the checkout pages nobody', () => {
      const pays = 0.04
      const phases: Phase[] = [
        { for: '8m', pays },
        { for: '2m', pays, paysFailing: 1 },
        { for: '30m', pays },
      ]
      expect(when('15s', phases, { firing: { '9m': [], '10m': [], '12m': [], '30m': [] } })).toBeUndefined()
    })

    test.each([
      ['8m', '9m'],
      ['2h', '2h1m'],
    ])(
      '2 minutes without any answer are 4 %% of the week: a page, whether Prometheus is %s old',
      (age, at) => {
        expect(
          when('15s', [{ for: age }, { for: '2m', failing: 1 }, { for: '30m' }], {
            firing: { [age]: [], [at]: [PAGE] },
          }),
        ).toBeUndefined()
      },
    )

    test('a gateway that vanishes does not look healthy', () => {
      const absent = ['checkout-availability', 'gateway-availability', 'gateway-latency']
      const phases: Phase[] = [{ for: '1h' }, { for: '30m', gone: true }, { for: '30m' }]
      expect(
        when('30s', phases, {
          firing: {
            '1h30s': [],
            '1h1m': ['TargetDown'],
            '1h9m': ['TargetDown'],
            '1h9m30s': ['TargetDown', ...absent.map((slo) => `SLOMetricAbsent ${slo}`)],
            '1h30m': [],
          },
          values: {
            'gateway:sli_availability:ratio_rate5m': { '59m': 1, '1h20m': null },
            'gateway:sli_latency_500ms:ratio_rate5m': { '59m': 1, '1h20m': null },
          },
        }),
      ).toBeUndefined()
    })

    test('a gateway that is in no list of targets any more is down too', () => {
      const interval = '30s'
      const others = {
        'up{job="events"}': gauge(interval, [1, '30m']),
        'up{job="payments"}': gauge(interval, [1, '30m']),
      }
      expect(
        failures({
          interval,
          series: others,
          firing: { '30s': [], '1m30s': ['TargetDown'] },
        }),
      ).toBeUndefined()
    })
  },
)
