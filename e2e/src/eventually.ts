import { expect } from 'vitest'

/** Asks again and again until the answer is the expected one; fails with the last answer when time is over. */
export async function eventually<Value>(
  ask: () => Value | Promise<Value>,
  expected: unknown,
  timeoutMs = 10_000,
): Promise<void> {
  await expect.poll(ask, { timeout: timeoutMs, interval: 25 }).toEqual(expected)
}
