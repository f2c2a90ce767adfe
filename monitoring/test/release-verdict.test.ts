import { promtool } from '@quickticket/testing/promtool'
import { describe } from 'vitest'
import { MAY_WE_RELEASE } from '../src/dashboards/slo.ts'
import { onGateway } from './gateway-series.ts'
import { rehearsals } from './scenario.ts'

const NO = 0
const WITH_CARE = 1
const YES = 2
const pays = 0.1

describe.skipIf(!promtool)('"May we release?" (skipped without promtool or the image of Prometheus)', () => {
  const when = onGateway(rehearsals())

  when(
    'no pay works for 5 minutes: no, although more than 98 % of the budget of a month is left',
    '30s',
    [
      { for: '2h', pays },
      { for: '5m', pays, paysFailing: 1 },
      { for: '2h', pays },
    ],
    {
      rules: ['slo-checkout-availability.yml'],
      firing: {},
      values: {
        [MAY_WE_RELEASE]: { '1h59m': YES, '2h4m': NO, '2h5m': NO, '2h30m': WITH_CARE, '3h30m': YES },
        'slo:error_budget_remaining:ratio{slo="checkout-availability"}': { '2h5m': 0.9884 },
      },
    },
  )

  when(
    'a Prometheus of 10 minutes: the same, and it has seen next to nothing',
    '30s',
    [
      { for: '5m', pays },
      { for: '5m', pays, paysFailing: 1 },
    ],
    {
      rules: ['slo-checkout-availability.yml'],
      firing: {},
      values: {
        [MAY_WE_RELEASE]: { '4m': YES, '9m': NO },
        'slo:error_budget_remaining:ratio{slo="checkout-availability"}': { '9m': 0.9897 },
      },
    },
  )

  when(
    'the gateway is gone: a critical alert fires, and the objectives have no news',
    '30s',
    [
      { for: '1h', pays },
      { for: '10m', gone: true },
    ],
    {
      rules: ['slo-checkout-availability.yml', 'system.yml'],
      firing: {},
      values: { [MAY_WE_RELEASE]: { '59m': YES, '1h3m': NO } },
    },
  )

  when('a little fails for long: with care', '1m', [{ for: '2h', failing: 0.01, pays }], {
    rules: ['slo-gateway-availability.yml'],
    firing: {},
    values: { [MAY_WE_RELEASE]: { '1h59m': WITH_CARE } },
  })

  when(
    'a Prometheus that knows no objective: no answer, which is not yes',
    '30s',
    [{ for: '10m', perSecond: 0 }],
    {
      rules: ['slo-gateway-availability.yml'],
      firing: {},
      values: { [MAY_WE_RELEASE]: { '9m': null } },
    },
  )
})
