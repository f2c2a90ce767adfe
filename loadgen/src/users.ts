import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from './random.ts'

export interface Users {
  count: number
  /** how many come in a second, until all are there */
  spawnRate: number
  /** between an answer and the next request, in seconds; any value from one to the other */
  think: { least: number; most: number }
}

/** Users who wait for their answers, and think before they go on. Resolves when the last one has left. */
export async function letUsersIn(
  { count, spawnRate, think }: Users,
  { seconds, random, signal }: { seconds: number; random: Random; signal: AbortSignal },
  visit: (dueMs: number) => Promise<void>,
): Promise<void> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(Math.round(seconds * 1000))])
  const pause = (ms: number) => delay(ms, undefined, { signal: over }).catch(() => undefined)
  await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      await pause((number * 1000) / spawnRate)
      while (!over.aborted) {
        await visit(performance.now())
        await pause((think.least + random() * (think.most - think.least)) * 1000)
      }
    }),
  )
}
