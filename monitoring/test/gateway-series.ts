import { counter, gauge, type Rehearse, type Scenario } from './scenario.ts'

export interface Phase {
  for: string
  /** what buyers ask for */
  perSecond?: number
  /** shares of it, between 0 and 1 */
  failing?: number
  slow?: number
  /** pays a second, and the share of them that fails */
  pays?: number
  paysFailing?: number
  /** the share of pays that is answered 409 because payments' clock is ahead */
  paysExpired?: number
  /** not scraped at all */
  gone?: boolean
}

/** Declares scenarios by what buyers do at the gateway. */
export function onGateway(rehearse: Rehearse) {
  return (
    title: string,
    interval: string,
    phases: Phase[],
    expected: Pick<Scenario, 'firing' | 'values' | 'rules'>,
  ) => rehearse(title, { interval, series: gatewaySeries(interval, phases), ...expected })
}

/** What the four targets expose while buyers do this, one thing after the other. */
export function gatewaySeries(interval: string, phases: Phase[]): Record<string, string> {
  const of = (rate: (phase: Phase) => number): string =>
    counter(
      interval,
      ...phases.map((phase): [number | 'gone', string] => [phase.gone ? 'gone' : rate(phase), phase.for]),
    )
  const request = (method: string, path: string, status: number) =>
    `gateway_requests_total{job="gateway",method="${method}",path="${path}",status="${status}"}`
  const duration = (name: string, more = '') =>
    `gateway_request_duration_seconds_${name}{job="gateway",method="GET",path="/events"${more}}`
  const reads = ({ perSecond = 1 }: Phase) => perSecond
  const failed = (phase: Phase) => reads(phase) * (phase.failing ?? 0)
  const slow = (phase: Phase) => reads(phase) * (phase.slow ?? 0)
  const pays = ({ pays = 0 }: Phase) => pays
  const failedPays = (phase: Phase) => pays(phase) * (phase.paysFailing ?? 0)
  const expiredPays = (phase: Phase) => pays(phase) * (phase.paysExpired ?? 0)
  return {
    ...targets(interval, phases),
    [request('GET', '/events', 200)]: of((phase) => reads(phase) - failed(phase)),
    [request('GET', '/events', 502)]: of(failed),
    [request('POST', '/reserve/{id}/pay', 200)]: of(
      (phase) => pays(phase) - failedPays(phase) - expiredPays(phase),
    ),
    ...(phases.some(({ paysExpired }) => paysExpired) && {
      [request('POST', '/reserve/{id}/pay', 409)]: of(expiredPays),
      'gateway_charges_expired_total{job="gateway"}': of(expiredPays),
    }),
    [request('POST', '/reserve/{id}/pay', 503)]: of(failedPays),
    // what is asked every ten seconds, and always answered well
    [request('GET', '/health', 200)]: of(() => 0.1),
    [duration('bucket', ',le="0.5"')]: of((phase) => reads(phase) - slow(phase)),
    [duration('count')]: of(reads),
  }
}

function targets(interval: string, phases: Phase[]): Record<string, string> {
  const up = (job: string) => `up{job="${job}",instance="${job}:8080"}`
  return {
    [up('gateway')]: gauge(
      interval,
      ...phases.map((phase): [number, string] => [phase.gone ? 0 : 1, phase.for]),
    ),
    [up('events')]: gauge(interval, ...phases.map((phase): [number, string] => [1, phase.for])),
    [up('payments')]: gauge(interval, ...phases.map((phase): [number, string] => [1, phase.for])),
  }
}
