import type { Context } from '../context.ts'
import { exclusively } from '../lock.ts'
import { DatabaseFails } from '../store/failure.ts'
import { timeText } from '../text.ts'
import { CannotTell } from '../verb.ts'
import { type OpenInjection, openInjections, undo } from './undo.ts'

/** What a killed run left behind. */
interface Recovered {
  experiment: number
  kind: string
  /** undefined: it is rolled back */
  problem: string | undefined
}

/**
 * Undoes what a killed run left in this system. Does nothing while an experiment or a changing runbook is under way. For the start of
 * a program and for verbs that only look.
 */
export async function recoverInterrupted(context: Context): Promise<Recovered[]> {
  const { store, system } = context
  const begun = store.get(
    `SELECT id FROM experiments WHERE outcome IS NULL AND json_extract(data, '$.system') = ?`,
    system,
  )
  if (!begun && openInjections(store, { system }).length === 0) return []
  try {
    const lock = { system, holder: 'chaos recovery', now: context.now }
    return await exclusively(store, lock, () => recoverLocked(context))
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error
    if (error instanceof DatabaseFails)
      context.progress(`what a run left behind is not undone: ${error.message}`)
    return []
  }
}

/** The same for one who has the lock, so that no experiment is under way. */
export async function recoverLocked(context: Context): Promise<Recovered[]> {
  const { store, system } = context
  const recovered: Recovered[] = []
  for (const injection of openInjections(store, { system })) {
    const problem = await undo(context, injection)
    if (problem !== undefined) closeWhenExpired(context, injection)
    recovered.push({ experiment: injection.experiment, kind: injection.kind, problem })
    const said = problem === undefined ? 'rolled back' : `could not be rolled back: ${problem}`
    context.progress(
      `run ${injection.experiment} was interrupted: its injection "${injection.kind}" is ${said}`,
    )
  }
  store.run(
    `UPDATE experiments SET outcome = 'interrupted', ended_at = ?1,
       data = json_insert(data, '$.reasons[#]', 'the runner was killed; found at ' || ?2)
     WHERE outcome IS NULL AND json_extract(data, '$.system') = ?3`,
    context.now(),
    timeText(context.now()),
    system,
  )
  return recovered
}

/** An injection whose time is over has ended by itself, as it promises; its target may be gone. */
function closeWhenExpired({ store, now }: Context, { id, expiresAt }: OpenInjection): void {
  if (expiresAt < now()) store.run('UPDATE injections SET rolled_back_at = ? WHERE id = ?', expiresAt, id)
}
