import { promtool } from '@quickticket/testing/promtool'
import { describe } from 'vitest'
import { onGateway } from './gateway-series.ts'
import { rehearsals } from './scenario.ts'

const HIGH_ERROR_RATE = 'QuickTicket High Error Rate'
const BURN_RATE = 'QuickTicket SLO Burn Rate gateway-availability'
const PAGE = 'SLOBurnRatePage gateway-availability'
const TICKET = 'SLOBurnRateTicket gateway-availability'
const LATENCY_PAGE = 'SLOBurnRatePage gateway-latency'
const CHECKOUT_PAGE = 'SLOBurnRatePage checkout-availability'

const SLO = ['slo-gateway-availability.yml']
const SLO_AND_LAB = ['lab.yml', ...SLO]

describe.skipIf(!promtool)('objectives (skipped without promtool or the image of Prometheus)', () => {
  const rehearse = rehearsals()
  const when = onGateway(rehearse)

  when('100 % fail for 10 minutes', '30s', [{ for: '2h' }, { for: '10m', failing: 1 }, { for: '1h' }], {
    rules: SLO_AND_LAB,
    firing: {
      '2h30s': [],
      '2h1m': [PAGE],
      '2h1m30s': [PAGE],
      '2h2m': [HIGH_ERROR_RATE, PAGE],
      '2h5m': [HIGH_ERROR_RATE, PAGE],
      '2h5m30s': [BURN_RATE, HIGH_ERROR_RATE, PAGE],
      '2h6m30s': [BURN_RATE, HIGH_ERROR_RATE, PAGE],
      '2h7m': [BURN_RATE, HIGH_ERROR_RATE, PAGE, TICKET],
      '2h13m30s': [BURN_RATE, HIGH_ERROR_RATE, PAGE, TICKET],
      '2h14m': [BURN_RATE, PAGE, TICKET],
      '2h38m': [BURN_RATE, PAGE, TICKET],
      '2h38m30s': [PAGE, TICKET],
      '2h39m': [TICKET],
    },
    values: {
      'gateway:sli_availability:ratio_rate5m': { '1h59m': 1, '2h9m': 0 },
      'gateway:error_budget_burn_rate:ratio_rate5m': { '2h9m': 200 },
      'slo:error_budget_remaining:ratio{slo="gateway-availability"}': { '1h59m': 1, '2h20m': 0.8019 },
    },
  })

  when('10 % fail for half an hour', '1m', [{ for: '2h' }, { for: '30m', failing: 0.1 }, { for: '1h' }], {
    rules: SLO_AND_LAB,
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
  })

  when(
    'a little less than 5 % fail: silence from the threshold of the lab, a page after 20 minutes',
    '1m',
    [{ for: '2h' }, { for: '1h', failing: 0.0499 }, { for: '1h' }],
    {
      rules: SLO_AND_LAB,
      firing: {
        '2h19m': [],
        '2h20m': [PAGE],
        '2h22m': [PAGE],
        '2h23m': [BURN_RATE, PAGE],
        '3h10m': [BURN_RATE, PAGE],
        '3h11m': [PAGE],
        '3h23m': [PAGE],
        '3h24m': [],
      },
    },
  )

  when(
    '4 % fail: a page after 25 minutes, the burn rate of the lab after 27',
    '1m',
    [{ for: '2h' }, { for: '2h', failing: 0.04 }],
    {
      rules: SLO_AND_LAB,
      firing: {
        '2h24m': [],
        '2h25m': [PAGE],
        '2h26m': [PAGE],
        '2h27m': [BURN_RATE, PAGE],
        '3h59m': [BURN_RATE, PAGE],
      },
    },
  )

  when(
    '0.6 % fail for a day: a ticket after 20 hours, and no page',
    '2m',
    [{ for: '2h' }, { for: '22h', failing: 0.006 }],
    { rules: SLO, firing: { '21h50m': [], '22h30m': [TICKET], '23h50m': [TICKET] } },
  )

  when(
    '0.4 % fail: within the budget, so nothing fires',
    '2m',
    [{ for: '2h' }, { for: '10h', failing: 0.004 }],
    { rules: SLO, firing: { '3h': [], '6h': [], '11h50m': [] } },
  )

  when(
    'a quarter is slow: the latency objective pages after 40 minutes',
    '1m',
    [{ for: '2h' }, { for: '1h', slow: 0.25 }, { for: '10m' }],
    {
      rules: ['lab.yml', 'slo-gateway-latency.yml'],
      firing: { '2h39m': [], '2h40m': [LATENCY_PAGE], '3h': [LATENCY_PAGE], '3h1m': [] },
      values: { 'gateway:sli_latency_500ms:ratio_rate5m': { '1h59m': 1, '2h30m': 0.75 } },
    },
  )

  when(
    'every payment fails, which is 5 % of all requests: the checkout pages after 8 minutes',
    '1m',
    [
      { for: '2h', pays: 0.05 },
      { for: '30m', pays: 0.05, paysFailing: 1 },
    ],
    { rules: ['slo-checkout-availability.yml'], firing: { '2h7m': [], '2h8m': [CHECKOUT_PAGE] } },
  )

  when(
    'payments refuses every charge because its clock is ahead, and pays are 409: the checkout pages all the same',
    '1m',
    [
      { for: '2h', pays: 0.05 },
      { for: '30m', pays: 0.05, paysExpired: 1 },
    ],
    {
      rules: ['slo-checkout-availability.yml'],
      firing: { '2h7m': [], '2h8m': [CHECKOUT_PAGE] },
      values: { 'slo:sli_error:ratio_rate5m{slo="checkout-availability"}': { '1h59m': 0, '2h10m': 1 } },
    },
  )
})
