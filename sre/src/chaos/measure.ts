import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'
import type { PlannedProbe } from './experiment.ts'
import type { Measured, Phase } from './journal.ts'
import { isWithin } from './tolerance.ts'

const TIMEOUT_MS = 15_000

/** Measures each probe once, all at the same time. Never throws: that something cannot be measured is in `error`. */
export function measureAll(context: Context, probes: PlannedProbe[], phase: Phase): Promise<Measured[]> {
  return Promise.all(probes.map((probe) => measureOne(context, probe, phase)))
}

async function measureOne(context: Context, planned: PlannedProbe, phase: Phase): Promise<Measured> {
  const { name, probe, args, tolerance } = planned
  const begun = { probe: name, phase, at: context.now() }
  try {
    const value = await withinTime(probe.measure(context, args), TIMEOUT_MS)
    if (value === undefined) return { ...begun, value: null, ok: null, error: 'no data' }
    return { ...begun, value, ok: tolerance ? isWithin(value, tolerance) : null }
  } catch (error) {
    return { ...begun, value: null, ok: null, error: (error as Error).message }
  }
}

/** @throws Error when it takes longer */
export async function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const timer = new AbortController()
  const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${timeoutMs / 1000} s`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    late.catch(() => undefined)
    timer.abort()
  }
}

/** Waits; ends early, without an error, when the signal says so. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0 || signal?.aborted === true) return
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined)
}
