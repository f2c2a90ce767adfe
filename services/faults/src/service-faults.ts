import { setTimeout as delay } from 'node:timers/promises'
import type { GroundTruth } from './ground-truth.ts'
import type { KindName } from './kinds.ts'
import { namedRandom, type Random } from './random.ts'

/** Faults that a service injects in its own code, at rates from its own variables. */
export interface ServiceFaults {
  /** Each call of the result decides by chance whether the fault strikes, and counts it if so. */
  sampler(kind: KindName, path: string, rate: number): () => boolean
}

export function createServiceFaults(truth: GroundTruth, seed: number, service: string): ServiceFaults {
  return {
    sampler(kind, path, rate) {
      const isStruck = createSampler(rate, namedRandom(seed, service, kind, path))
      if (rate > 0) truth.watch(() => [{ kind, active: true }])
      return () => {
        if (!isStruck()) return false
        truth.count(kind, path)
        return true
      }
    },
  }
}

/** Each call is true with the probability `rate`. */
export function createSampler(rate: number, random: Random): () => boolean {
  return () => rate > 0 && random() < rate
}

export async function injectLatency(latencyMs: number): Promise<void> {
  await delay(latencyMs)
}
