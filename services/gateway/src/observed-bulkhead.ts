import { createPeak } from '@quickticket/kit/peak'
import type { Bulkhead } from './bulkhead.ts'

export interface ObservedBulkhead extends Bulkhead {
  /** the most calls that were under way at once in the last PEAK_WINDOW_S seconds */
  inFlightMax(): number
}

/** Remembers how full a bulkhead was: calls are short, and a look now and then sees none of them. */
export function observeBulkhead(bulkhead: Bulkhead): ObservedBulkhead {
  const peak = createPeak()
  return {
    run: (call) =>
      bulkhead.run((waitedMs) => {
        peak.note(bulkhead.inFlight())
        return call(waitedMs)
      }),
    inFlight: bulkhead.inFlight,
    inFlightMax: () => Math.max(bulkhead.inFlight(), peak.max()),
  }
}
