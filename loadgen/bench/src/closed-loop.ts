import * as hdr from 'hdr-histogram-js'
import type { Step } from './plans.ts'

export interface LoopResult {
  perSecond: number
  count: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** of the process that measured; near 1 it was the bottleneck itself */
  ownCores: number
}

/** Repeats every step as soon as it is done, first without counting, and measures each. */
export async function runClosedLoop(
  steps: Step[],
  { warmUpS, seconds }: { warmUpS: number; seconds: number },
): Promise<LoopResult> {
  const warmUntil = performance.now() + warmUpS * 1000
  await Promise.all(steps.map((step) => repeat(step, warmUntil)))

  const histogram = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120e6,
    numberOfSignificantValueDigits: 3,
  })
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const until = startedAt + seconds * 1000
  await Promise.all(steps.map((step) => repeat(step, until, (us) => histogram.recordValue(us))))
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    perSecond: (histogram.totalCount * 1000) / elapsedMs,
    count: histogram.totalCount,
    p50Ms: histogram.getValueAtPercentile(50) / 1000,
    p99Ms: histogram.getValueAtPercentile(99) / 1000,
    maxMs: histogram.maxValue / 1000,
    ownCores: (user + system) / 1000 / elapsedMs,
  }
}

async function repeat(step: Step, until: number, measured?: (us: number) => void): Promise<void> {
  let now = performance.now()
  while (now < until) {
    const startedAt = now
    await step()
    now = performance.now()
    measured?.(Math.max(1, Math.round((now - startedAt) * 1000)))
  }
}
