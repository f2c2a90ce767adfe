import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 500

/**
 * Asks again and again until the answer is as wanted, and returns it.
 *
 * @throws Error with the last answer, or the last error, when the time is over
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value>,
  wanted: (value: Value) => boolean,
  timeoutMs = 120_000,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  do {
    try {
      const value = await ask()
      if (wanted(value)) return value
      last = value
    } catch (error) {
      last = error
    }
    await delay(POLL_MS)
  } while (performance.now() < deadline)
  throw new Error(
    `${what}: not within ${timeoutMs / 1000} s; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  )
}
