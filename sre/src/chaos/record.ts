import type { Context } from '../context.ts'
import { harmless } from '../text.ts'
import { type Measured, type Outcome, type Run, saveRun } from './journal.ts'

/** Adds what a round of measurements found, and says what has changed. Written to the disk about once in a second. */
export function record(context: Context, run: Run, round: Measured[]): void {
  const second = secondOf(run.data.measured.at(-1))
  const alert = run.data.detection && `alert ${run.data.detection.alert}`
  for (const measured of round) {
    const before = run.data.measured.findLast(({ probe }) => probe === measured.probe)
    run.data.measured.push(measured)
    if (measured.probe === alert) {
      if (measured.ok !== false || run.data.detectedAt !== undefined) continue
      run.data.detectedAt = measured.at
      say(context, `${alert} fires`)
    } else if (measured.ok === false && before?.ok !== false) {
      say(context, `${measured.probe} out of tolerance: ${measured.value}`)
    } else if (measured.ok === true && before?.ok === false) {
      say(context, `${measured.probe} in tolerance again: ${measured.value}`)
    }
  }
  if (second !== secondOf(round.at(-1))) saveRun(context.store, run)
}

function secondOf(measured: Measured | undefined): number {
  return Math.floor((measured?.at ?? 0) / 1000)
}

/** Writes the outcome down. */
export function finish(
  context: Context,
  run: Run,
  { outcome, reasons, score }: { outcome: Outcome; reasons: string[]; score?: number | undefined },
): Run {
  run.outcome = outcome
  run.score = score
  run.endedAt = context.now()
  run.data.reasons.push(...reasons)
  saveRun(context.store, run)
  return run
}

/** One line about the progress, with the time in UTC. */
export function say({ progress, now }: Context, line: string): void {
  progress(`${new Date(now()).toISOString().slice(11, 19)}  ${harmless(line)}`)
}
