/** The largest value of the last seconds, for a gauge that is read now and then and would miss what comes between. */
export interface Peak {
  note(value: number): void
  /** of the last PEAK_WINDOW_S seconds; reading it changes nothing, so that two readers see the same */
  max(): number
}

/** Two scrapes of 15 s, or one of 30 s. */
export const PEAK_WINDOW_S = 30

/** @param nowS a clock that never goes back, in seconds */
export function createPeak(nowS: () => number = () => performance.now() / 1000): Peak {
  /** the largest value of each second, in a ring */
  const values = new Array<number>(PEAK_WINDOW_S + 1).fill(0)
  const seconds = new Array<number>(PEAK_WINDOW_S + 1).fill(Number.NEGATIVE_INFINITY)
  return {
    note(value) {
      const second = Math.floor(nowS())
      const at = second % values.length
      const known = seconds[at] === second ? (values[at] as number) : 0
      seconds[at] = second
      values[at] = Math.max(known, value)
    },
    max() {
      const oldest = Math.floor(nowS()) - PEAK_WINDOW_S
      return values.reduce(
        (most, value, at) => ((seconds[at] as number) >= oldest ? Math.max(most, value) : most),
        0,
      )
    },
  }
}
