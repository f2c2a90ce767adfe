/** The largest value of the last seconds, for a gauge: a scrape of the value alone would miss what happens between two scrapes. */
export interface SlidingMaximum {
  record(value: number): void
  /** of the last MAXIMUM_WINDOW_S seconds; a read does not change it, so that two scrapers see the same */
  max(): number
}

/** Two scrapes of 15 s, or one of 30 s. */
export const MAXIMUM_WINDOW_S = 30

/** @param nowS a monotonic clock, in seconds */
export function createSlidingMaximum(nowS: () => number = () => performance.now() / 1000): SlidingMaximum {
  /** the largest value of each second, in a ring */
  const values = new Array<number>(MAXIMUM_WINDOW_S + 1).fill(0)
  const seconds = new Array<number>(MAXIMUM_WINDOW_S + 1).fill(Number.NEGATIVE_INFINITY)
  return {
    record(value) {
      const second = Math.floor(nowS())
      const at = second % values.length
      const known = seconds[at] === second ? (values[at] as number) : 0
      seconds[at] = second
      values[at] = Math.max(known, value)
    },
    max() {
      const oldest = Math.floor(nowS()) - MAXIMUM_WINDOW_S
      return values.reduce(
        (most, value, at) => ((seconds[at] as number) >= oldest ? Math.max(most, value) : most),
        0,
      )
    },
  }
}
