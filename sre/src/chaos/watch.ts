import type { Context } from '../context.ts'
import type { PlannedProbe } from './experiment.ts'
import type { Measured, Phase } from './journal.ts'
import { measureAll, pause } from './measure.ts'

interface Watch {
  probes: PlannedProbe[]
  intervalMs: number
  /** asked before and after each measurement: one that takes longer than its phase is not judged */
  phase(): Phase
  /** gets what each round found */
  found(round: Measured[]): void
}

/** Measures again and again, until the signal ends it; a round that has begun is finished. */
export async function watch(
  context: Context,
  { probes, intervalMs, phase, found }: Watch,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const begun = context.now()
    const before = phase()
    const round = await measureAll(context, probes, before)
    const same = phase() === before && !signal.aborted
    found(same ? round : round.map((each) => ({ ...each, phase: 'changing' })))
    await pause(intervalMs - (context.now() - begun), signal)
  }
}

const BLIND_ROUNDS = 3

/**
 * Decides after each round whether to stop.
 *
 * @returns the reason; undefined to go on
 */
export function createAbortLimits(probes: PlannedProbe[]): (round: Measured[]) => string | undefined {
  const blind = new Map<string, number>()
  return (round) => {
    for (const { name } of probes) {
      const measured = round.find(({ probe }) => probe === name)
      if (!measured) continue
      if (measured.ok === false) return `the abort limit "${name}" is passed: ${measured.value}`
      const rounds = measured.ok === null ? (blind.get(name) ?? 0) + 1 : 0
      blind.set(name, rounds)
      // going on without seeing the limit would be no limit
      if (rounds >= BLIND_ROUNDS) return `the abort limit "${name}" cannot be measured: ${measured.error}`
    }
    return undefined
  }
}
