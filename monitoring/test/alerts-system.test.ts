import { describe, expect, test } from 'vitest'
import { gatewaySeries, type Phase } from './gateway-series.ts'
import { promtool } from './promtool.ts'
import { counter, failures, gauge, type Scenario } from './scenario.ts'

const I = '30s'
const RULES = ['system.yml']

/** Half an hour in which all is well but for these series. */
function during(
  series: Record<string, string>,
  firing: Scenario['firing'],
  phases: Phase[] = [{ for: '30m' }],
) {
  return failures({ rules: RULES, interval: I, series: { ...gatewaySeries(I, phases), ...series }, firing })
}

describe.skipIf(!promtool)(
  'alerts on causes (skipped without promtool or the image of Prometheus)',
  { timeout: 180_000 },
  () => {
    test.each(['gateway', 'events', 'payments'])('%s does not answer for a minute', (job) => {
      const up = { [`up{job="${job}",instance="${job}:8080"}`]: gauge(I, [1, '10m'], [0, '5m'], [1, '15m']) }
      const firing = {
        '10m30s': [],
        '11m': [`TargetDown@${job}`],
        '14m30s': [`TargetDown@${job}`],
        '15m': [],
      }
      expect(during(up, firing)).toBeUndefined()
    })

    test('notifications that nobody started are not down', () => {
      expect(during({}, { '5m': [], '29m': [] })).toBeUndefined()
    })

    test('notifications that the gateway counts on, and that have no address any more, are down', () => {
      const series = {
        'gateway_notifications_total{job="gateway",result="sent"}': counter(I, [1, '30m']),
        'up{job="notifications",instance="notifications:8083"}': gauge(I, [1, '10m'], ['gone', '20m']),
      }
      // a sample counts for 5 minutes where no marker ends it
      expect(during(series, { '14m': [], '16m30s': ['TargetDown@notifications'] })).toBeUndefined()
    })

    test('all connections are in use and requests wait, for 5 minutes on average and 2 more', () => {
      const labels = '{job="events",instance="events:8081"}'
      const series = {
        [`events_db_pool_max${labels}`]: gauge(I, [3, '30m']),
        [`events_db_pool_size${labels}`]: gauge(I, [1, '10m'], [3, '10m'], [1, '10m']),
        [`events_db_pool_waiting${labels}`]: gauge(I, [0, '10m'], [7, '10m'], [0, '10m']),
      }
      const firing = {
        '15m30s': [],
        '16m30s': ['DatabasePoolSaturated@events'],
        '20m': ['DatabasePoolSaturated@events'],
        '21m': [],
      }
      expect(during(series, firing)).toBeUndefined()
    })

    test('all connections are in use, and nobody waits: that is what they are for', () => {
      const labels = '{job="events",instance="events:8081"}'
      const series = {
        [`events_db_pool_max${labels}`]: gauge(I, [3, '30m']),
        [`events_db_pool_size${labels}`]: gauge(I, [3, '30m']),
        [`events_db_pool_waiting${labels}`]: gauge(I, [0, '30m']),
      }
      expect(during(series, { '10m': [], '29m': [] })).toBeUndefined()
    })

    test('the circuit opens, and is half open for a moment after each cooldown', () => {
      const open = 'gateway_circuit_breaker_state{job="gateway",instance="gateway:8080",state="open"}'
      const series = { [open]: gauge(I, [0, '10m'], [1, '1m'], [0, '30s'], [1, '1m'], [0, '10m']) }
      const firing = { '10m30s': [], '11m': ['CircuitOpen'], '13m30s': ['CircuitOpen'], '15m': [] }
      expect(during(series, firing)).toBeUndefined()
    })

    test('one violation of an invariant is a page at once', () => {
      const violations = 'events_invariant_violations{job="events",kind="oversold"}'
      const firing = { '9m30s': [], '10m': ['InvariantViolated@events'], '15m': [] }
      expect(during({ [violations]: gauge(I, [0, '10m'], [1, '5m'], [0, '15m']) }, firing)).toBeUndefined()
    })

    test('errors in the log of one service', () => {
      const series = {
        'payments_log_lines_total{job="payments",level="ERROR"}': counter(
          I,
          [0, '10m'],
          [0.5, '10m'],
          [0, '10m'],
        ),
        'payments_log_lines_total{job="payments",level="INFO"}': counter(I, [10, '30m']),
        'gateway_log_lines_total{job="gateway",level="ERROR"}': counter(I, [0.05, '30m']),
      }
      const firing = {
        '15m30s': [],
        '16m30s': ['ErrorLogRate@payments'],
        '23m': ['ErrorLogRate@payments'],
        '24m30s': [],
      }
      expect(during(series, firing)).toBeUndefined()
    })

    test('traffic ends that was there for an hour, and comes back', () => {
      const phases: Phase[] = [{ for: '70m' }, { for: '30m', perSecond: 0 }, { for: '20m' }]
      const firing = { '78m': [], '78m30s': ['NoTraffic'], '99m30s': ['NoTraffic'], '101m': [] }
      expect(during({}, firing, phases)).toBeUndefined()
    })

    test('traffic ends that was there for 40 minutes: a load generator that is done', () => {
      expect(during({}, { '60m': [] }, [{ for: '40m' }, { for: '30m', perSecond: 0 }])).toBeUndefined()
    })

    test('notifications fail', () => {
      const series = {
        'up{job="notifications",instance="notifications:8083"}': gauge(I, [1, '30m']),
        'gateway_notifications_total{job="gateway",result="sent"}': counter(
          I,
          [1, '10m'],
          [0.5, '10m'],
          [1, '10m'],
        ),
        'gateway_notifications_total{job="gateway",result="failed"}': counter(
          I,
          [0, '10m'],
          [0.5, '10m'],
          [0, '10m'],
        ),
      }
      const firing = {
        '15m': [],
        '16m30s': ['NotificationsFailing@notifications'],
        '23m': ['NotificationsFailing@notifications'],
        '25m': [],
      }
      expect(during(series, firing)).toBeUndefined()
    })

    test('no backup was verified for 15 minutes; each is told once and kept for a week', () => {
      const pushed = 'quickticket_backup_last_verified_timestamp_seconds'
      const series = { [pushed]: gauge(I, [60, '1m'], ['gone', '19m'], [1200, '30s'], ['gone', '9m']) }
      const firing = {
        '16m': [],
        '16m30s': ['BackupNotVerified@backup'],
        '19m30s': ['BackupNotVerified@backup'],
        '20m': [],
      }
      expect(during(series, firing)).toBeUndefined()
    })

    test('where no backup was ever made, none is missing', () => {
      expect(during({}, { '29m': [] })).toBeUndefined()
    })
  },
)
