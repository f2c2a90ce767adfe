import type { Context } from '../context.ts'
import { exclusively } from '../lock.ts'
import { lengthText, timeText } from '../text.ts'
import { CannotTell } from '../verb.ts'
import type { AskGate } from './ask-gate.ts'
import { checkBefore } from './before.ts'
import type { Experiment } from './experiment.ts'
import { InjectionFailed, prepareAll, rollBackAll } from './inject.ts'
import { type Run, saveRun, stampRun } from './journal.ts'
import { actAndWatch } from './method.ts'
import { finish, record, say } from './record.ts'
import { recoverLocked } from './recover.ts'
import { awaitSteady } from './steady.ts'
import { openInjections } from './undo.ts'
import { judge, recoveryMsOf, scoreOf } from './verdict.ts'

interface Options {
  /** aborts: rolls back at once */
  signal: AbortSignal
  askGate: AskGate
}

/**
 * Runs one experiment: writes the hypothesis down, checks the steady state, injects, measures, rolls back, waits until everything is
 * steady again, judges.
 *
 * @throws {CannotTell} when another one is under way, or the steady state cannot be measured; then nothing is injected
 */
export function runExperiment(context: Context, experiment: Experiment, options: Options): Promise<Run> {
  const { system, now } = context
  const lock = { system, holder: `chaos ${experiment.name}`, now }
  return exclusively(context.store, lock, async () => {
    await recoverLocked(context)
    checkNothingIsLeft(context)
    const run = stampRun(context.store, experiment, system, context.now())
    say(
      context,
      `run ${run.id} of ${run.name}, written down before anything is injected: "${run.hypothesis}"`,
    )
    try {
      return await perform(context, experiment, run, options)
    } catch (error) {
      const outcome = run.data.injectedAt === undefined ? 'refused' : 'aborted'
      finish(context, run, { outcome, reasons: [(error as Error).message] })
      throw error
    }
  })
}

/** @throws {CannotTell} when something of an earlier run is still injected */
function checkNothingIsLeft({ store, system }: Context): void {
  const [left] = openInjections(store, { system })
  if (!left) return
  const ends = timeText(left.expiresAt)
  throw new CannotTell(
    `"${left.kind}" of run ${left.experiment} could not be rolled back and ends by itself at ${ends}`,
    store.path,
  )
}

async function perform(
  context: Context,
  experiment: Experiment,
  run: Run,
  { signal, askGate }: Options,
): Promise<Run> {
  const refusal = await checkBefore(context, experiment, { run, signal, askGate })
  if (refusal !== undefined) return finish(context, run, { outcome: 'refused', reasons: [refusal] })
  const prepared = await prepareAll(context, experiment)

  const method = actAndWatch(context, experiment, { run, prepared, signal, askGate })
  const stopped = await method.ended
  run.data.rollbackAt = context.now()
  const problems = await rollBackAll(context, run, prepared)
  run.data.rolledBackAt = context.now()
  saveRun(context.store, run)
  say(context, problems.length === 0 ? 'rolled back' : problems.join('; '))
  await method.watched

  await awaitSteady(context, experiment, run, (round) => record(context, run, round))
  const recoveryMs = recoveryMsOf(run.data)
  if (recoveryMs !== undefined) say(context, `steady again ${lengthText(recoveryMs)} after the rollback`)

  if (stopped?.error && !(stopped.error instanceof InjectionFailed)) throw stopped.error
  if (stopped) {
    const { reason, limitPassed } = stopped
    const score = limitPassed ? scoreOf(run.data, { limitPassed }) : undefined
    return finish(context, run, { outcome: 'aborted', reasons: [reason, ...problems], score })
  }
  const verdict = judge(run.data)
  if (problems.length === 0) return finish(context, run, verdict)
  return finish(context, run, { ...verdict, outcome: 'broken', reasons: [...problems, ...verdict.reasons] })
}
