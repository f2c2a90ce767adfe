const WINDOW_MS = 1000

export interface SlidingWindow {
  /** Whether the second before `nowMs` has room for one more; if so, counts it. */
  admit(nowMs: number): boolean
  /** How many more are admitted, as of the last call of `admit`. */
  remaining(): number
}

/** Admits at most `limit` in any window of one second. It is exact: it stores when the last `limit` were admitted. */
export function createSlidingWindow(limit: number): SlidingWindow {
  const admittedAt = new Float64Array(limit)
  let oldest = 0
  let count = 0
  return {
    admit(nowMs) {
      while (count > 0 && nowMs - (admittedAt[oldest] as number) >= WINDOW_MS) {
        oldest = (oldest + 1) % limit
        count--
      }
      if (count >= limit) return false
      admittedAt[(oldest + count) % limit] = nowMs
      count++
      return true
    },
    remaining: () => limit - count,
  }
}
