import { setTimeout as delay } from 'node:timers/promises'
import type { HoldStore } from './hold-store.ts'

const CONNECT_WITHIN_MS = 3000

/** A client that was just made is not connected yet; a command has to wait for it. @throws what Redis said last */
export async function untilReachable(holds: HoldStore): Promise<void> {
  const deadline = performance.now() + CONNECT_WITHIN_MS
  for (;;) {
    try {
      await holds.ping()
      return
    } catch (error) {
      if (performance.now() >= deadline) throw error
      await delay(100)
    }
  }
}
