import { setTimeout as delay } from 'node:timers/promises'

/** Asks again and again until the answer is yes (true) or the time is over (false). */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  intervalMs = 25,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    if (await condition()) return true
    if (performance.now() >= deadline) return false
    await delay(intervalMs)
  }
}
