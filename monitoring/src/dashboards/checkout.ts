import { RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units'
import { frame } from './frame.ts'
import { bars, NEUTRAL, type Steps, stacked, stat, timeSeries } from './panels.ts'
import { orNone } from './sources.ts'

export function checkout() {
  return frame({
    uid: 'quickticket-checkout',
    title: 'QuickTicket — Checkout',
    description:
      'From a look at the events to a ticket: where customers get lost, and whether money and seats agree.',
    rows: [
      { title: 'Funnel', height: 8, panels: [funnel(), funnelOverTime()] },
      { title: 'Success', height: 6, panels: [reserved(), paid(), checkoutBudget(), held()] },
      { title: 'Outcomes', height: 8, panels: [reserveOutcomes(), payOutcomes(), payDuration()] },
      { title: 'Money', height: 8, panels: [charges(), chargesAgainstOrders(), givenBack()] },
      { title: 'Seats and messages', height: 7, panels: [holds(), orders(), notified()] },
      { title: 'Invariants', height: 7, panels: [violations(), violationsOverTime()] },
    ],
  })
}

/** Requests of one kind that succeeded, as a selector. */
const RESERVED = 'gateway_requests_total{path="/events/{id}/reserve", status="200"}'
const PAID = 'gateway_requests_total{path="/reserve/{id}/pay", status="200"}'
const CONFIRMED = 'events_requests_total{path="/reservations/{id}/confirm", status="200"}'
const LISTED = 'gateway_requests_total{method="GET", path=~"/events|/events/{id}", status="200"}'
const CHARGED = 'payments_charges_total{result="success"}'

const STEPS = [
  ['looked', LISTED],
  ['reserved', RESERVED],
  ['charged', CHARGED],
  ['confirmed', CONFIRMED],
  ['paid', PAID],
] as const

const funnel = () =>
  bars(
    {
      title: 'Customers who got this far',
      description: 'Successful answers of each step in the time shown. Paying twice counts twice, as paid.',
      unit: 'short',
      runbook: 'slo-burn-rate',
    },
    STEPS.map(([step, selector]) => ({
      expr: `round(sum(increase(${selector}[$__range])) or vector(0))`,
      legend: step,
    })),
  )

const funnelOverTime = () =>
  timeSeries(
    {
      title: 'The same, per second',
      description: 'A step that falls while the one before it goes on is where it breaks.',
      unit: RequestsPerSecond,
      runbook: 'slo-burn-rate',
    },
    STEPS.map(([step, selector]) => ({
      expr: `sum(rate(${selector}[$__rate_interval])) or vector(0)`,
      legend: step,
    })),
  )

/** Share of requests of one path that the shop is not to blame for: 4xx are honest answers. */
const notFailed = (path: string, alsoFailed = '') =>
  `1 - ((sum(rate(gateway_requests_total{path="${path}", status=~"5.."}[$__rate_interval])) or vector(0))${alsoFailed}) ` +
  `/ (sum(rate(gateway_requests_total{path="${path}"}[$__rate_interval])) > 0)`

/** 409, and no buyer is to blame. */
const EXPIRED = ' + (sum(rate(gateway_charges_expired_total[$__rate_interval])) or vector(0))'

const SUCCESS_STEPS: Steps = ['red', [0.95, 'yellow'], [0.99, 'green']]

const reserved = () =>
  stat(
    {
      title: 'Reserve works',
      description: 'Share of reserves that were not answered 5xx. Sold out is an honest answer.',
      unit: 'percentunit',
      runbook: 'high-error-rate',
    },
    [{ expr: notFailed('/events/{id}/reserve'), legend: 'reserve' }],
    SUCCESS_STEPS,
  )

const paid = () =>
  stat(
    {
      title: 'Pay works',
      description:
        'Share of pays that were neither answered 5xx nor refused because clocks differ. The objective: 99 % over 30 days.',
      unit: 'percentunit',
      runbook: 'high-error-rate',
    },
    [{ expr: notFailed('/reserve/{id}/pay', EXPIRED), legend: 'pay' }],
    SUCCESS_STEPS,
  )

const checkoutBudget = () =>
  stat(
    {
      title: 'Error budget of checkout',
      description: 'What is left of the 1 % of pays that may fail in 30 days.',
      unit: 'percentunit',
      runbook: 'slo-burn-rate',
    },
    [{ expr: 'slo:error_budget_remaining:ratio{slo="checkout-availability"}', legend: 'left' }],
    ['red', [0, 'yellow'], [0.25, 'green']],
  )

const held = () =>
  stat(
    {
      title: 'Held now',
      description: 'Reservations that are neither paid nor expired. No value while Redis cannot be asked.',
      unit: 'none',
    },
    [{ expr: 'max(events_reservations_active)', legend: 'held' }],
    NEUTRAL,
  )

const outcomesOf = (path: string) => [
  {
    expr: `sum by (status) (rate(gateway_requests_total{path="${path}"}[$__rate_interval]))`,
    legend: '{{status}}',
  },
]

const reserveOutcomes = () =>
  stacked(
    {
      title: 'What reserve was answered',
      description: '409 is sold out, 503 that Redis or PostgreSQL could not be asked.',
      unit: RequestsPerSecond,
      runbook: 'high-error-rate',
    },
    outcomesOf('/events/{id}/reserve'),
  )

const payOutcomes = () =>
  stacked(
    {
      title: 'What pay was answered',
      description: '503: payments is away or the circuit open. 504: it was too slow. 500: it said no.',
      unit: RequestsPerSecond,
      runbook: 'high-error-rate',
    },
    outcomesOf('/reserve/{id}/pay'),
  )

const payDuration = () =>
  timeSeries(
    {
      title: 'How long a pay takes',
      description: 'At the gateway, with all attempts. GATEWAY_TIMEOUT_MS is where it ends.',
      unit: Seconds,
      runbook: 'slo-burn-rate',
    },
    [0.5, 0.95, 0.99].map((quantile) => ({
      expr:
        `histogram_quantile(${quantile}, sum by (le) ` +
        '(rate(gateway_request_duration_seconds_bucket{path="/reserve/{id}/pay"}[$__rate_interval])))',
      legend: `p${quantile * 100}`,
      exemplars: true,
    })),
  )

const charges = () =>
  stacked(
    {
      title: 'Charges by result',
      description:
        'replayed: the same key was charged before, so nothing was taken again. expired: too late to begin with.',
      unit: 'cps',
      runbook: 'high-error-rate',
    },
    [{ expr: 'sum by (result) (rate(payments_charges_total[$__rate_interval]))', legend: '{{result}}' }],
  )

const chargesAgainstOrders = () =>
  timeSeries(
    {
      title: 'Charges against orders',
      description:
        'In the time shown. Charges that are neither an order nor given back are money without a ticket; those under way and ' +
        'restarts of a service make it differ by a little.',
      unit: 'short',
      runbook: 'invariant-violated',
    },
    [
      { expr: `sum(increase(${CHARGED}[$__range])) or vector(0)`, legend: 'charged' },
      { expr: 'sum(increase(events_orders_total[$__range])) or vector(0)', legend: 'orders' },
      {
        expr: 'sum(increase(payments_voids_total{result="success"}[$__range])) or vector(0)',
        legend: 'given back',
      },
    ],
  )

const givenBack = () =>
  timeSeries(
    {
      title: 'Given back',
      description: 'Checkouts that were given up, and charges that were voided for it, per second.',
      unit: 'cps',
      runbook: 'invariant-violated',
    },
    [
      { expr: 'sum(rate(events_checkouts_voided_total[$__rate_interval]))', legend: 'checkouts given up' },
      {
        expr: 'sum(rate(payments_voids_total{result="success"}[$__rate_interval]))',
        legend: 'charges voided',
      },
    ],
  )

const holds = () =>
  timeSeries(
    {
      title: 'Reservations that are held',
      description: 'Each ends by payment, release or after RESERVATION_TTL.',
      unit: 'none',
    },
    [{ expr: 'max(events_reservations_active)', legend: 'held' }],
  )

const orders = () =>
  timeSeries(
    {
      title: 'Orders',
      description: 'Sold per second.',
      unit: 'cps',
    },
    [{ expr: 'sum(rate(events_orders_total[$__rate_interval]))', legend: 'orders' }],
  )

const notified = () =>
  stacked(
    {
      title: 'Notifications',
      description: 'Results of notifications. They are fire-and-forget: a failure costs no order.',
      unit: 'cps',
      runbook: 'notifications-failing',
    },
    [
      {
        expr: orNone('sum by (result) (rate(gateway_notifications_total[$__rate_interval]))', 'result'),
        legend: '{{result}}',
      },
    ],
  )

/** Without an auditor nothing was checked, and 0 would be false. */
const NOT_AUDITED = 'no audit: AUDIT_INTERVAL_S is 0'

const violations = () =>
  stat(
    {
      title: 'Violations, last audit',
      description:
        'Orders, checkouts and holds that do not agree with each other. There is none, or it is an incident.',
      unit: 'none',
      runbook: 'invariant-violated',
    },
    [{ expr: 'sum(events_invariant_violations)', legend: 'violations' }],
    ['green', [1, 'red']],
  ).noValue(NOT_AUDITED)

const violationsOverTime = () =>
  stacked(
    {
      title: 'Violations by kind',
      description: 'The kinds are those of npm run audit.',
      unit: 'none',
      runbook: 'invariant-violated',
    },
    [{ expr: 'max by (kind) (events_invariant_violations)', legend: '{{kind}}' }],
  ).noValue(NOT_AUDITED)
