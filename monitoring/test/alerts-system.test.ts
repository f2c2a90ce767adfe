import { promtool } from '@quickticket/testing/promtool'
import { describe } from 'vitest'
import { gatewaySeries, type Phase } from './gateway-series.ts'
import { counter, gauge, rehearsals, type Scenario } from './scenario.ts'

const I = '30s'
const POOL = '{job="events",instance="events:8081"}'
const SENT = 'gateway_notifications_total{job="gateway",result="sent"}'
const NOT_SENT = 'gateway_notifications_total{job="gateway",result="failed"}'
const NOTIFICATIONS_UP = 'up{job="notifications",instance="notifications:8083"}'

describe.skipIf(!promtool)('alerts on causes (skipped without promtool or the image of Prometheus)', () => {
  const rehearse = rehearsals()
  /** Half an hour in which all is well but for these series. */
  const during = (
    title: string,
    series: Record<string, string>,
    firing: Scenario['firing'],
    phases: Phase[] = [{ for: '30m' }],
  ) =>
    rehearse(title, {
      rules: ['system.yml'],
      interval: I,
      series: { ...gatewaySeries(I, phases), ...series },
      firing,
    })

  for (const job of ['gateway', 'events', 'payments']) {
    during(
      `${job} does not answer for 5 minutes`,
      { [`up{job="${job}",instance="${job}:8080"}`]: gauge(I, [1, '10m'], [0, '5m'], [1, '15m']) },
      {
        '10m30s': [],
        '11m': [`TargetDown@${job}`],
        // its symptoms look back for 5 minutes, and stay silenced so long
        '19m30s': [`TargetDown@${job}`],
        '20m': [],
      },
    )
  }

  during(
    'notifications do not answer for 10 minutes: whenever that they fail could be told, its cause is there to silence it',
    {
      [NOTIFICATIONS_UP]: gauge(I, [1, '10m'], [0, '10m'], [1, '10m']),
      [SENT]: counter(I, [1, '10m'], [0, '10m'], [1, '10m']),
      [NOT_SENT]: counter(I, [0, '10m'], [1, '10m'], [0, '10m']),
    },
    {
      '10m30s': [],
      '11m': ['TargetDown@notifications'],
      '14m30s': ['TargetDown@notifications'],
      '15m': ['NotificationsFailing@notifications', 'TargetDown@notifications'],
      '23m30s': ['NotificationsFailing@notifications', 'TargetDown@notifications'],
      '24m30s': ['NotificationsFailing@notifications', 'TargetDown@notifications'],
      '25m': [],
    },
  )

  during('notifications that were not started are not down', {}, { '5m': [], '29m': [] })

  during(
    'notifications that the gateway counts on, and that have no address any more, are down',
    { [SENT]: counter(I, [1, '30m']), [NOTIFICATIONS_UP]: gauge(I, [1, '10m'], ['gone', '20m']) },
    // a sample counts for 5 minutes where no marker ends it
    { '15m': [], '16m': ['TargetDown@notifications'] },
  )

  during(
    'all connections are in use and requests wait, for 5 minutes on average and 2 more',
    {
      [`events_db_pool_max${POOL}`]: gauge(I, [3, '30m']),
      [`events_db_pool_size${POOL}`]: gauge(I, [1, '10m'], [3, '10m'], [1, '10m']),
      [`events_db_pool_waiting${POOL}`]: gauge(I, [0, '10m'], [7, '10m'], [0, '10m']),
    },
    {
      '15m30s': [],
      '16m': ['DatabasePoolSaturated@events'],
      '20m': ['DatabasePoolSaturated@events'],
      '20m30s': [],
    },
  )

  during(
    'all connections are in use and no request waits: no alert',
    {
      [`events_db_pool_max${POOL}`]: gauge(I, [3, '30m']),
      [`events_db_pool_size${POOL}`]: gauge(I, [3, '30m']),
      [`events_db_pool_waiting${POOL}`]: gauge(I, [0, '30m']),
    },
    { '10m': [], '29m': [] },
  )

  const open = 'gateway_circuit_breaker_state{job="gateway",instance="gateway:8080",state="open"}'
  during(
    'the circuit opens, and is half open for a moment after each cooldown',
    { [open]: gauge(I, [0, '10m'], [1, '1m'], [0, '30s'], [1, '1m'], [0, '10m']) },
    { '10m30s': [], '11m': ['CircuitOpen'], '13m30s': ['CircuitOpen'], '14m': [] },
  )

  const clock = (target: string) =>
    `gateway_clock_difference_seconds{job="gateway",instance="gateway:8080",target="${target}"}`
  during(
    'the clock of payments is 6 s ahead for 5 minutes; the other one is right',
    {
      [clock('events')]: gauge(I, [0, '30m']),
      [clock('payments')]: gauge(I, [0, '10m'], [5.4, '5m'], [0, '15m']),
    },
    {
      '10m30s': [],
      '11m': ['ClockDifference@payments'],
      '15m': ['ClockDifference@payments'],
      '16m': [],
    },
  )

  during(
    'the clock of PostgreSQL is 3 s behind that of events: charges end earlier than they should',
    {
      [clock('events')]: gauge(I, [0, '30m']),
      'events_clock_difference_seconds{job="events",instance="events:8081",target="postgres"}': gauge(I, [
        -3,
        '30m',
      ]),
    },
    { '30s': [], '1m30s': ['ClockDifference@postgres'] },
  )

  during(
    'events is 1.5 s behind and payments 1.5 s ahead: neither is far from the gateway, both are from each other',
    { [clock('events')]: gauge(I, [-1.5, '30m']), [clock('payments')]: gauge(I, [1.5, '30m']) },
    { '30s': [], '1m30s': ['ClockDifference@payments'], '29m': ['ClockDifference@payments'] },
  )

  during(
    'one answer that looked wrong, and a second that is all that two clocks differ by: nothing',
    {
      [clock('events')]: gauge(I, [0, '10m'], [-3, '30s'], [0, '1170s']),
      [clock('payments')]: gauge(I, [1, '30m']),
    },
    { '10m': [], '10m30s': [], '11m': [], '11m30s': [], '12m': [], '29m': [] },
  )

  const violations = 'events_invariant_violations{job="events",kind="oversold"}'
  during(
    'one violation of an invariant is a page at once',
    { [violations]: gauge(I, [0, '10m'], [1, '5m'], [0, '15m']) },
    {
      '9m30s': [],
      '10m': ['InvariantViolated@events'],
      '14m30s': ['InvariantViolated@events'],
      '15m': [],
    },
  )

  during(
    'errors in the log of one service',
    {
      'payments_log_lines_total{job="payments",level="ERROR"}': counter(
        I,
        [0, '10m'],
        [0.5, '10m'],
        [0, '10m'],
      ),
      'payments_log_lines_total{job="payments",level="INFO"}': counter(I, [10, '30m']),
      'gateway_log_lines_total{job="gateway",level="ERROR"}': counter(I, [0.05, '30m']),
    },
    {
      '15m30s': [],
      '16m': ['ErrorLogRate@payments'],
      '23m': ['ErrorLogRate@payments'],
      '23m30s': [],
    },
  )

  during(
    'traffic ends that was there for an hour, and comes back',
    {},
    { '78m': [], '78m30s': ['NoTraffic'], '99m30s': ['NoTraffic'], '100m': [] },
    [{ for: '70m' }, { for: '30m', perSecond: 0 }, { for: '20m' }],
  )

  during(
    'traffic ends that was there for 40 minutes: a load generator that is done',
    {},
    { '50m': [], '60m': [], '69m': [] },
    [{ for: '40m' }, { for: '30m', perSecond: 0 }],
  )

  during(
    'notifications fail',
    {
      [NOTIFICATIONS_UP]: gauge(I, [1, '30m']),
      [SENT]: counter(I, [1, '10m'], [0.5, '10m'], [1, '10m']),
      [NOT_SENT]: counter(I, [0, '10m'], [0.5, '10m'], [0, '10m']),
    },
    {
      '15m': [],
      '15m30s': ['NotificationsFailing@notifications'],
      '24m': ['NotificationsFailing@notifications'],
      '24m30s': [],
    },
  )

  const verified = 'quickticket_backup_last_verified_timestamp_seconds'
  during(
    'no backup was verified for 15 minutes; each is told once and kept for a week',
    { [verified]: gauge(I, [60, '1m'], ['gone', '19m'], [1200, '30s'], ['gone', '9m']) },
    {
      '16m': [],
      '16m30s': ['BackupNotVerified@backup'],
      '19m30s': ['BackupNotVerified@backup'],
      '20m': [],
    },
  )

  during('where no backup was ever made, none is missing', {}, { '29m': [] })
})
