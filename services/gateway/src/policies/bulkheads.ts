import { createSlidingMaximum } from '@quickticket/kit/sliding-maximum'
import type { Config } from '../config.ts'
import type { GatewayMetrics } from '../metrics.ts'
import { type Bulkhead, createBulkhead } from './bulkhead.ts'

export interface ObservedBulkhead extends Bulkhead {
  /** the most calls that were in flight at once in the last MAXIMUM_WINDOW_S seconds */
  inFlightMax(): number
}

/** One for the calls to events, which never wait, and one for charges. */
export function createBulkheads(config: Config, { bulkheadRejected }: GatewayMetrics) {
  const paymentWaitMs = Math.min(config.BULKHEAD_PAYMENTS_TIMEOUT_S * 1000, config.GATEWAY_TIMEOUT_MS)
  const bulkhead = (target: string, limit: number, waitMs: number) =>
    observeBulkhead(
      createBulkhead({ target, limit, waitMs, onRejected: () => bulkheadRejected.inc({ target }) }),
    )
  return {
    events: bulkhead('events', config.BULKHEAD_EVENTS_MAX, 0),
    payments: bulkhead('payments', config.BULKHEAD_PAYMENTS_MAX, paymentWaitMs),
  }
}

/** Remembers the peak: calls are shorter than the interval between two scrapes, which would miss most of them. */
export function observeBulkhead(bulkhead: Bulkhead): ObservedBulkhead {
  const peak = createSlidingMaximum()
  return {
    run: (call) =>
      bulkhead.run((waitedMs) => {
        peak.record(bulkhead.inFlight())
        return call(waitedMs)
      }),
    inFlight: bulkhead.inFlight,
    inFlightMax: () => Math.max(bulkhead.inFlight(), peak.max()),
  }
}
