import { isAlive } from '../lock.ts'
import type { Store } from '../store/store.ts'
import type { Step } from './steps.ts'

export type Mode = 'automatic' | 'by hand'
export type RunOutcome = 'completed' | 'failed' | 'stopped'
export type StepOutcome = 'passed' | 'failed' | 'timed out' | 'no program' | 'stopped' | 'skipped' | 'by hand'

/** A run of a runbook, as the store has it. */
export interface RunRow {
  id: number
  name: string
  incident: number | null
  started_at: number
  ended_at: number | null
  outcome: RunOutcome | null
  reason: string | null
  mode: Mode
  system: string
  pid: number
}

export interface StepRow {
  number: number
  part: string
  about: string | null
  changes: number
  script: string
  started_at: number
  ended_at: number | null
  exit_code: number | null
  outcome: StepOutcome | null
  output: string
}

/** No run takes longer; a process of the same number may have been started since. */
const LONGEST_RUN_MS = 24 * 3_600_000

type NewRun = Pick<RunRow, 'name' | 'mode' | 'system'> & { incident: number | undefined; at: number }

/** @returns the number of the run */
export function beginRun(store: Store, { name, incident, mode, system, at }: NewRun): number {
  return store.run(
    'INSERT INTO runbook_runs (name, incident, started_at, mode, system, pid) VALUES (?, ?, ?, ?, ?, ?)',
    name,
    incident ?? null,
    at,
    mode,
    system,
    process.pid,
  ).lastId
}

export function endRun(
  store: Store,
  run: number,
  { outcome, reason, at }: { outcome: RunOutcome; reason: string | undefined; at: number },
): void {
  store.run(
    'UPDATE runbook_runs SET ended_at = ?, outcome = ?, reason = ? WHERE id = ?',
    at,
    outcome,
    reason ?? null,
    run,
  )
}

export function beginStep(store: Store, run: number, number: number, step: Step, at: number): void {
  store.run(
    'INSERT INTO runbook_steps (run, number, part, about, changes, script, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    run,
    number,
    step.part,
    step.about ?? null,
    Number(step.changes),
    step.script,
    at,
  )
}

export function endStep(
  store: Store,
  run: number,
  number: number,
  end: { outcome: StepOutcome; exitCode: number | undefined; output: string; at: number },
): void {
  store.run(
    'UPDATE runbook_steps SET ended_at = ?, outcome = ?, exit_code = ?, output = ? WHERE run = ? AND number = ?',
    end.at,
    end.outcome,
    end.exitCode ?? null,
    end.output,
    run,
    number,
  )
}

/** The latest runs first. */
export function listRuns(store: Store, limit = 20): RunRow[] {
  return store.all<RunRow>('SELECT * FROM runbook_runs ORDER BY id DESC LIMIT ?', limit)
}

/** A run and its steps; undefined when there is none of this number. */
export function findRun(store: Store, id: number): (RunRow & { steps: StepRow[] }) | undefined {
  const run = store.get<RunRow>('SELECT * FROM runbook_runs WHERE id = ?', id)
  if (run === undefined) return undefined
  const steps = store.all<StepRow>('SELECT * FROM runbook_steps WHERE run = ? ORDER BY number', id)
  return { ...run, steps }
}

/** The outcome of a run; `interrupted` when the process that ran it was killed. @param now milliseconds since 1970 */
export function stateOf(run: RunRow, now: number): RunOutcome | 'runs' | 'interrupted' {
  if (run.outcome !== null) return run.outcome
  const goesOn = isAlive(run.pid, run.started_at) && now - run.started_at < LONGEST_RUN_MS
  return goesOn ? 'runs' : 'interrupted'
}
