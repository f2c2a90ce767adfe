import { setTimeout as delay } from 'node:timers/promises'
import type { Context, System } from '../context.ts'
import type { Store } from '../store/store.ts'
import { INJECTIONS } from './injections/all.ts'
import { withinTime } from './measure.ts'

/** A row of `injections` that is not rolled back. */
export interface OpenInjection {
  id: number
  experiment: number
  kind: string
  data: unknown
  expiresAt: number
}

const TRIES = 3
const TRY_TIMEOUT_MS = 60_000

/** Written before the system is changed. */
export function writeInjection(
  store: Store,
  { experiment, kind, data, expiresAt }: Omit<OpenInjection, 'id'>,
  now: number,
): void {
  store.run(
    'INSERT INTO injections (experiment, kind, data, injected_at, expires_at) VALUES (?, ?, ?, ?, ?)',
    experiment,
    kind,
    JSON.stringify(data),
    now,
    expiresAt,
  )
}

/** What is not rolled back, the latest first. */
export function openInjections(
  store: Store,
  { system, experiment }: { system: System; experiment?: number },
): OpenInjection[] {
  return store
    .all<OpenRow>(
      `SELECT injections.id, experiment, kind, injections.data, expires_at AS expiresAt
       FROM injections JOIN experiments ON experiments.id = experiment
       WHERE rolled_back_at IS NULL AND json_extract(experiments.data, '$.system') = ?1
         AND (?2 IS NULL OR experiment = ?2)
       ORDER BY injections.id DESC`,
      system,
      experiment ?? null,
    )
    .map((row) => ({ ...row, data: JSON.parse(row.data) as unknown }))
}

/**
 * Rolls one back, and writes that down.
 *
 * @returns why it could not be done; undefined when it is
 */
export async function undo(
  context: Context,
  { id, kind, data }: Pick<OpenInjection, 'id' | 'kind' | 'data'>,
): Promise<string | undefined> {
  const injection = INJECTIONS.find((each) => each.kind === kind)
  if (!injection) return `this version of the program has no injection "${kind}"`
  let reason = ''
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      await withinTime(injection.rollback(context, data), TRY_TIMEOUT_MS)
      closeInjection(context, id)
      return undefined
    } catch (error) {
      reason = (error as Error).message
      if (tries < TRIES) await delay(1000)
    }
  }
  return reason
}

/** A full disk is no reason to call it not rolled back; a later recovery repeats it, which is safe. */
function closeInjection({ store, now, progress }: Context, id: number): void {
  try {
    store.run('UPDATE injections SET rolled_back_at = ? WHERE id = ?', now(), id)
  } catch (error) {
    progress(`rolled back, which could not be written down: ${(error as Error).message}`)
  }
}

interface OpenRow {
  id: number
  experiment: number
  kind: string
  data: string
  expiresAt: number
}
