/** A week of a gateway, as its counters would tell it: two outages, with what happened at the same time. */

const FINE_S = 30
const COARSE_S = 60
const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** its last sample */
export const END_S = Math.floor(Date.now() / 1000 / COARSE_S) * COARSE_S
const BEGIN_S = END_S - 7.2 * DAY_S

/** three days ago, in the busy half of a day: every other answer was a 5xx for 20 minutes, after a deploy and with an alert */
export const LONG_OUTAGE = { begin: END_S - 3 * DAY_S, end: END_S - 3 * DAY_S + 20 * 60 }
/** two hours ago: no payment went through for 5 minutes, because of a fault */
export const SHORT_OUTAGE = { begin: END_S - 2 * HOUR_S, end: END_S - 2 * HOUR_S + 5 * 60 }

/** requests a second: ten times as many in 12 hours of each day as in the other 12 */
export const BUSY = 10
const QUIET = 1
const PAYMENTS = 0.5

const PAY = 'method="POST",path="/reserve/{id}/pay"'
const LIST = 'method="GET",path="/events"'
const WEB = 'job="gateway",instance="gateway:8080"'

export function budgetHistory(): string {
  const counters = { good: 0, bad: 0, paid: 0, unpaid: 0, fast: 0, all: 0 }
  const lines: string[] = []
  let step = 0
  for (let at = BEGIN_S; at <= END_S; at += step) {
    const web = rateAt(at) * step
    const badShare = within(at, LONG_OUTAGE) ? 0.5 : 0
    const unpaidShare = within(at, SHORT_OUTAGE) ? 1 : 0
    counters.good += web * (1 - badShare)
    counters.bad += web * badShare
    counters.paid += PAYMENTS * step * (1 - unpaidShare)
    counters.unpaid += PAYMENTS * step * unpaidShare
    counters.all += web
    counters.fast += web * 0.99
    lines.push(
      sample('up', '', 1, at),
      sample('gateway_requests_total', `${LIST},status="200"`, counters.good, at),
      sample('gateway_requests_total', `${LIST},status="502"`, counters.bad, at),
      sample('gateway_requests_total', `${PAY},status="200"`, counters.paid, at),
      sample('gateway_requests_total', `${PAY},status="503"`, counters.unpaid, at),
      sample('gateway_request_duration_seconds_bucket', 'path="/events",le="0.5"', counters.fast, at),
      sample('gateway_request_duration_seconds_count', 'path="/events"', counters.all, at),
      sample('gateway_build_info', `version="${at < LONG_OUTAGE.begin - 60 ? 'v1' : 'v2'}"`, 1, at),
      `payments_fault_active{job="payments",fault="error"} ${within(at, SHORT_OUTAGE) ? 1 : 0} ${at}`,
    )
    step = isInteresting(at) ? FINE_S : COARSE_S
    if (within(at, LONG_OUTAGE)) {
      lines.push(
        `ALERTS{alertname="SLOBurnRatePage",alertstate="firing",severity="critical",service="gateway"} 1 ${at}`,
      )
    }
  }
  return lines.join('\n')
}

function sample(name: string, labels: string, value: number, at: number): string {
  return `${name}{${[WEB, labels].filter(Boolean).join(',')}} ${value} ${at}`
}

/** Counted from the end, so that each run has the same history: the long outage is in a busy half. */
function rateAt(at: number): number {
  return (END_S - at) % DAY_S < DAY_S / 2 || within(at, LONG_OUTAGE) ? BUSY : QUIET
}

/** Elsewhere a coarser history is read sooner. */
function isInteresting(at: number): boolean {
  return [LONG_OUTAGE, SHORT_OUTAGE].some(({ begin, end }) => at > begin - HOUR_S && at < end + HOUR_S)
}

function within(at: number, { begin, end }: { begin: number; end: number }): boolean {
  return at > begin && at <= end
}
