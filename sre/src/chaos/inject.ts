import type { Context } from '../context.ts'
import type { Experiment, PlannedAction } from './experiment.ts'
import type { Run } from './journal.ts'
import { pause, withinTime } from './measure.ts'
import { say } from './record.ts'
import { openInjections, undo, writeInjection } from './undo.ts'

/** that making one injection may take */
const INJECT_MS = 60_000

export interface Prepared {
  action: PlannedAction
  data: unknown
}

/** Finds every target before anything is changed. @throws {CannotTell} when there is none */
export async function prepareAll(context: Context, { actions }: Experiment): Promise<Prepared[]> {
  const prepared: Prepared[] = []
  for (const action of actions) {
    const data = await withinTime(action.injection.prepare(context, action.args), INJECT_MS)
    prepared.push({ action, data: data ?? null })
  }
  return prepared
}

/**
 * Makes the injections in their order. Each is in the journal before. Ends early when the signal says so.
 *
 * @param lastsMs how long the last one lasts, unless it is rolled back
 */
export async function injectAll(
  context: Context,
  { run, prepared, lastsMs }: { run: Run; prepared: Prepared[]; lastsMs: number },
  signal: AbortSignal,
): Promise<void> {
  for (const [index, { action, data }] of prepared.entries()) {
    await pause(action.pauseBeforeMs, signal)
    if (signal.aborted) return
    const later = prepared.slice(index + 1).map(({ action: next }) => next.pauseBeforeMs + next.pauseAfterMs)
    const restMs = later.reduce((sum, ms) => sum + ms + INJECT_MS, action.pauseAfterMs)
    const now = context.now()
    const expiresAt = now + restMs + lastsMs
    writeInjection(context.store, { experiment: run.id, kind: action.injection.kind, data, expiresAt }, now)
    run.data.injectedAt ??= now
    await withinTime(action.injection.inject(context, data, { expiresAt }), INJECT_MS).catch(
      (error: Error) => {
        throw new InjectionFailed(`"${action.name}" could not be injected: ${error.message}`)
      },
    )
    say(context, `injected: ${action.injection.describe(action.args)}`)
    await pause(action.pauseAfterMs, signal)
  }
}

/** Rolls everything of the run back, the last first. @returns what could not be, one line each */
export async function rollBackAll(context: Context, run: Run, prepared: Prepared[]): Promise<string[]> {
  const problems: string[] = []
  for (const injection of injectionsOf(context, run, prepared)) {
    const problem = await undo(context, injection)
    if (problem === undefined) continue
    problems.push(`"${injection.kind}" could not be rolled back: ${problem}; it ends by itself`)
  }
  return problems
}

/** From the journal; without it, such as when its disk is gone, from what this process knows. */
function injectionsOf({ store }: Context, { id, data }: Run, prepared: Prepared[]) {
  try {
    return openInjections(store, { system: data.system, experiment: id })
  } catch {
    return prepared.map((each) => ({ id: 0, kind: each.action.injection.kind, data: each.data })).reverse()
  }
}

export class InjectionFailed extends Error {}
