import type { Environment } from '../context.ts'
import type { Store } from '../store/store.ts'
import { harmless, lengthText } from '../text.ts'
import { keepOutput } from './kept-output.ts'
import { beginStep, endStep, type StepOutcome } from './record.ts'
import type { Ran, Shell } from './shell.ts'
import type { Step } from './steps.ts'

export interface RunWorld {
  store: Store
  env: Environment
  now(): number
  progress(line: string): void
  /** ends the run and its step */
  signal?: AbortSignal | undefined
  /** where the steps run; by default the root of the repository */
  directory?: string | undefined
}

const KEPT_CHARACTERS = 64 * 1024

/** Runs one step, and writes it down when it begins and when it ends. */
export async function runStep(
  run: number,
  number: number,
  step: Step,
  shell: Shell,
  world: RunWorld,
): Promise<{ outcome: StepOutcome; missing: string[] }> {
  const { store, now, progress, signal } = world
  const output = keepOutput(KEPT_CHARACTERS)
  const lines = byLine((line) => progress(`  │ ${harmless(line, 1000)}`))
  const onOutput = (text: string) => {
    output.add(text)
    lines.add(text)
  }
  const begin = now()
  beginStep(store, run, number, step, begin)
  const ran = await shell.run(step.script, { timeoutMs: step.timeoutMs, onOutput, signal })
  lines.end()
  const outcome = outcomeOf(ran)
  endStep(store, run, number, { outcome, exitCode: ran.exitCode, output: output.text(), at: now() })
  progress(`  ${outcome}${explain(ran, step)}, ${lengthText(now() - begin)}`)
  return { outcome, missing: ran.missing }
}

function outcomeOf({ exitCode, end, missing }: Ran): StepOutcome {
  if (end !== 'by itself') return end
  if (missing.length > 0) return 'no program'
  return exitCode === 0 ? 'passed' : 'failed'
}

function explain({ exitCode, end, missing }: Ran, { timeoutMs }: Step): string {
  if (end === 'timed out') return ` after ${lengthText(timeoutMs)}, and was ended`
  if (missing.length > 0) return `: this machine has no ${missing.map((name) => harmless(name)).join(', ')}`
  return exitCode ? ` (exit code ${exitCode})` : ''
}

function byLine(onLine: (line: string) => void): { add(text: string): void; end(): void } {
  let rest = ''
  return {
    add(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    },
    end() {
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}
