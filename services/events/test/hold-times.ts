import type { HoldTimes } from '../src/hold-store.ts'

/** For a hold that begins within a minute, and may be prolonged by an hour. */
export function lasting(ttlMs: number): HoldTimes {
  return { ttlMs, maxExtensionMs: 3_600_000, deadline: performance.now() + 60_000 }
}
