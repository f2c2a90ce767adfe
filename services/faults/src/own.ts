import { setTimeout as delay } from 'node:timers/promises'
import type { GroundTruth } from './ground-truth.ts'
import { namedRandom, type Random } from './random.ts'
import type { Kind } from './rule.ts'

/** Faults that a service injects in its own code, at rates from its own variables. */
export interface OwnFaults {
  /** Decides each time whether the fault strikes, and counts it if it does. */
  dice(kind: Kind, path: string, rate: number): () => boolean
}

export function createOwnFaults(truth: GroundTruth, seed: number, service: string): OwnFaults {
  return {
    dice(kind, path, rate) {
      const strikes = createDice(rate, namedRandom(seed, service, kind, path))
      if (rate > 0) truth.watch(() => [{ kind, active: true }])
      return () => {
        if (!strikes()) return false
        truth.count(kind, path)
        return true
      }
    },
  }
}

/** Decides by chance whether to strike. */
export function createDice(rate: number, random: Random): () => boolean {
  return () => rate > 0 && random() < rate
}

/** Waits without holding up anything else. */
export async function injectLatency(latencyMs: number): Promise<void> {
  await delay(latencyMs)
}
