import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { lengthText, timeText } from '../text.ts'
import { type Answer, CannotTell, UsageError } from '../verb.ts'
import type { AskGate } from './ask-gate.ts'
import { findExperiment, readCatalogue } from './catalogue.ts'
import type { Experiment } from './experiment.ts'
import type { Run } from './journal.ts'
import { pause } from './measure.ts'
import { runText } from './run-text.ts'
import { runExperiment } from './runner.ts'
import { isWithinWindow, nextOpening, type Window } from './window.ts'

export interface Schedule {
  /** undefined: always */
  window: Window | undefined
  everyMs: number
  /** names or files; empty: all of the catalogue that can run on this system */
  only: string[]
  /** the same seed chooses the same experiments in the same order */
  seed: string
  /** one attempt instead of going on */
  once: boolean
}

/**
 * Runs a random experiment, waits, and so on. Skips a turn outside the window and while the error budgets do not allow it. Ends with a
 * hypothesis that is broken, because a person must look at it, and with the signal.
 *
 * @throws {UsageError} when there is no experiment to choose from
 */
export async function runSchedule(
  context: Context,
  schedule: Schedule,
  { signal, askGate }: { signal: AbortSignal; askGate: AskGate },
): Promise<Answer> {
  const experiments = candidatesOf(context, schedule.only)
  const runs: Run[] = []
  for (let turn = 0; !signal.aborted; turn += 1) {
    const begun = context.now()
    const closed = schedule.window && !isWithinWindow(schedule.window, begun)
    if (schedule.window && closed) {
      const opens = nextOpening(schedule.window, begun)
      const said = `outside the window, which opens at ${timeText(opens)}`
      if (schedule.once) return { ok: false, text: said, json: { run: null, reason: said } }
      context.progress(said)
      await pause(opens - begun, signal)
    }
    if (signal.aborted) break
    const refusal = await askGate(context, [])
    if (refusal !== undefined) {
      const said = `not now: ${refusal}`
      if (schedule.once) return { ok: false, text: said, json: { run: null, reason: said } }
      context.progress(said)
    } else {
      const chosen = choose(experiments, `${schedule.seed}:${turn}`)
      const run = await runExperiment(context, chosen, { signal, askGate }).catch((error: Error) => {
        if (schedule.once || !(error instanceof CannotTell)) throw error
        context.progress(error.message)
        return undefined
      })
      if (run) runs.push(run)
      if (run && (schedule.once || run.outcome === 'broken')) break
    }
    context.progress(`the next turn is in ${lengthText(schedule.everyMs)}`)
    await pause(begun + schedule.everyMs - context.now(), signal)
  }
  return answerOf(runs, context.colors)
}

function answerOf(runs: Run[], colors: boolean): Answer {
  const last = runs.at(-1)
  return {
    ok: runs.every(({ outcome }) => outcome === 'held'),
    text: last ? runText(last, colors) : 'no experiment was run',
    json: { runs },
  }
}

function candidatesOf({ env, system }: Context, only: string[]): Experiment[] {
  const all =
    only.length > 0
      ? only.map((name) => findExperiment(name, env))
      : readCatalogue(env).flatMap(({ experiment }) => (experiment ? [experiment] : []))
  const able = all.filter(({ settings }) => settings.systems.includes(system))
  if (able.length === 0)
    throw new UsageError(`there is no experiment to choose from that can run on ${system}`)
  return able
}

function choose(experiments: Experiment[], seed: string): Experiment {
  const number = createHash('sha256').update(seed).digest().readUInt32BE()
  return experiments[number % experiments.length] as Experiment
}
