import * as hdr from 'hdr-histogram-js'

/** Durations in milliseconds, kept to three digits whatever their size. */
export interface Durations {
  add(ms: number): void
  /** at a percentile from 0 to 100; 0 when there are none */
  at(percentile: number): number
  count(): number
  max(): number
  mean(): number
  reset(): void
}

const LONGEST_US = 600e6

export function createDurations(): Durations {
  const histogram = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  })
  return {
    add: (ms) => histogram.recordValue(Math.min(Math.max(Math.round(ms * 1000), 1), LONGEST_US)),
    at: (percentile) => (histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1000),
    count: () => histogram.totalCount,
    max: () => (histogram.totalCount === 0 ? 0 : histogram.maxValue / 1000),
    mean: () => (histogram.totalCount === 0 ? 0 : histogram.mean / 1000),
    reset: () => histogram.reset(),
  }
}
