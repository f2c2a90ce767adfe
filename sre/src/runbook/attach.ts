import { addUpdate } from '../incident/updates.ts'
import type { Store } from '../store/store.ts'
import { findRun, type StepRow } from './record.ts'

/** The timeline shows the beginning of an output; the run has the rest. */
const SHOWN_CHARACTERS = 2000

/** What the timeline of an incident says of a run, as `data` of its update. */
export interface AttachedRun {
  run: number
  runbook: string
  steps: { number: number; part: string; about: string | null; outcome: string | null; output: string }[]
}

/** Puts a run of a runbook, with the output of its steps, on the timeline of an incident. */
export function attachRun(
  store: Store,
  incident: number,
  run: number,
  { author, at }: { author: string; at: number },
): void {
  const found = findRun(store, run)
  if (found === undefined) return
  const { name, steps, outcome, reason } = found
  const data: AttachedRun = {
    run,
    runbook: name,
    steps: steps.map(({ number, part, about, outcome, output }) => ({
      number,
      part,
      about,
      outcome,
      output: output.slice(0, SHOWN_CHARACTERS),
    })),
  }
  const ended = reason === null ? outcome : `${outcome}: ${reason}`
  const text = `runbook ${name}, run ${run}: ${countSteps(steps)}; ${ended}`
  addUpdate(store, incident, { at, kind: 'runbook', author, text, data })
}

/** `12 steps, 2 failed, 1 no program` */
function countSteps(steps: Pick<StepRow, 'outcome'>[]): string {
  const notPassed = steps.map(({ outcome }) => outcome ?? 'interrupted').filter((text) => text !== 'passed')
  const counts = [...new Set(notPassed)].map(
    (outcome) => `${notPassed.filter((other) => other === outcome).length} ${outcome}`,
  )
  return [`${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`, ...counts].join(', ')
}
