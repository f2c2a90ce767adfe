import { setTimeout as delay } from 'node:timers/promises'

/** Decides by chance whether to strike; `random` yields numbers in [0, 1). */
export function createDice(rate: number, random: () => number = Math.random): () => boolean {
  return () => rate > 0 && random() < rate
}

/** Waits without holding up anything else. */
export async function injectLatency(latencyMs: number): Promise<void> {
  if (latencyMs > 0) await delay(latencyMs)
}
