import { REPOSITORY, type System } from '../context.ts'
import { idOf } from '../incident/incident.ts'
import { exclusively } from '../lock.ts'
import { harmless, lengthText } from '../text.ts'
import { attachRun } from './attach.ts'
import { findFix, fixesOf, plain } from './choose.ts'
import type { Person, Reply } from './person.ts'
import {
  beginRun,
  beginStep,
  endRun,
  endStep,
  type Mode,
  type RunOutcome,
  type StepOutcome,
} from './record.ts'
import { type RunWorld, runStep } from './run-step.ts'
import type { Runbook } from './runbook.ts'
import { openShell, type Shell } from './shell.ts'
import type { Step } from './steps.ts'

export interface RunRequest {
  runbook: Runbook
  /** those that are run, such as `stepsFor` chooses them */
  steps: Step[]
  system: System
  mode: Mode
  /** its number: the run is put on its timeline */
  incident: number | undefined
  /** who runs it */
  author: string
  /** whether steps that change something need no consent */
  yes: boolean
  /** some words of the heading of the fix, where there are several */
  fix: string | undefined
  /** who may consent; undefined: there is no terminal */
  person: Person | undefined
}

export interface RunResult {
  run: number
  outcome: RunOutcome
  /** why it did not complete */
  reason: string | undefined
}

type Verdict = Omit<RunResult, 'run'>

/** Why a run was stopped when its signal did so. */
export const INTERRUPTED = 'it was interrupted'

/**
 * Runs steps in order, in one shell, and writes down each one when it begins and when it ends.
 *
 * @throws {CannotTell} when something else changes the system at this time, or there is no bash
 */
export async function runRunbook(request: RunRequest, world: RunWorld): Promise<RunResult> {
  const { store, now, progress } = world
  const { runbook, system, mode, incident } = request
  const run = beginRun(store, { name: runbook.name, incident, mode, system, at: now() })
  progress(`Run ${run} of ${runbook.name} on ${system}: ${runbook.title}`)
  const shell = openShell(world.directory ?? REPOSITORY, {
    ...world.env,
    // for this program alone
    SRE_TOKEN: undefined,
    ...(incident !== undefined && { INCIDENT: idOf(incident) }),
  })
  let verdict: Verdict = { outcome: 'failed', reason: undefined }
  try {
    verdict = await runSteps(run, shell, request, world)
  } catch (error) {
    verdict = { outcome: 'failed', reason: (error as Error).message }
    throw error
  } finally {
    shell.close()
    endRun(store, run, { ...verdict, at: now() })
    if (incident !== undefined) attachRun(store, incident, run, { author: request.author, at: now() })
  }
  return { run, ...verdict }
}

async function runSteps(run: number, shell: Shell, request: RunRequest, world: RunWorld): Promise<Verdict> {
  const { steps, runbook, person, system, yes } = request
  const { store, now, signal } = world
  let spentMs = 0
  let fix: string | undefined
  /** programs that steps did not find */
  const missing = new Set<string>()
  let hasRun = false
  const changesBegin = steps.findIndex(({ changes }) => changes)
  const changesEnd = steps.findLastIndex(({ changes }) => changes) + 1
  const lock = { system, holder: `runbook ${runbook.name}`, now }

  if (changesEnd === 0 || !(yes || person)) return (await runAll(0, steps.length)) ?? ended()
  return (
    (await runAll(0, changesBegin)) ??
    // also while it waits for a reply: it rests on what was seen before
    (await exclusively(store, lock, () => runAll(changesBegin, changesEnd))) ??
    (await runAll(changesEnd, steps.length)) ??
    ended()
  )

  /** Of a run without its programs nothing is known. */
  function ended(): Verdict {
    if (hasRun || missing.size === 0) return { outcome: 'completed', reason: undefined }
    const names = [...missing].map((name) => harmless(name)).join(', ')
    return { outcome: 'failed', reason: `no step could run here: this machine has no ${names}` }
  }

  async function runAll(from: number, to: number): Promise<Verdict | undefined> {
    for (const [index, step] of steps.slice(from, to).entries()) {
      const verdict = await runOne(step, from + index + 1)
      if (verdict) return verdict
    }
    return undefined
  }

  /** @returns undefined when the run goes on */
  async function runOne(step: Step, number: number): Promise<Verdict | undefined> {
    if (step.part === 'Fix') {
      fix ??= await chooseFix(request, signal)
      if (fix === undefined) return stopped(whyNoFix(request))
      if ((step.about ?? 'Fix') !== fix) return undefined
    }
    announce(world, step, `[${number}/${steps.length}]`)
    const reply = await permit(step, request, signal)
    if (signal?.aborted) return stopped(INTERRUPTED)
    if (reply === 'stop')
      return stopped(person ? `at step ${number}, as you said` : whyNotAlone(number, step, runbook))
    if (reply === 'skip' || step.runs === 'by hand') {
      writeDown(run, number, step, reply === 'skip' ? 'skipped' : 'by hand', world)
      hasRun ||= reply !== 'skip'
      return undefined
    }
    const leftMs = runbook.timeLimitMs - spentMs
    if (leftMs <= 0) return stopped(timeIsOver(runbook))
    const begin = now()
    const limited = { ...step, timeoutMs: Math.min(step.timeoutMs, leftMs) }
    const { outcome, missing: notFound } = await runStep(run, number, limited, shell, world)
    for (const program of notFound) missing.add(program)
    hasRun ||= outcome !== 'no program'
    spentMs += now() - begin
    if (outcome === 'stopped') return stopped(INTERRUPTED)
    if (outcome !== 'passed' && !step.continues)
      return { outcome: 'failed', reason: `step ${number} (${step.part}): ${outcome}` }
    return undefined
  }
}

const stopped = (reason: string): Verdict => ({ outcome: 'stopped', reason })

async function chooseFix(
  { steps, fix, person }: RunRequest,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const fixes = fixesOf(steps)
  if (fix !== undefined) return findFix(fixes, fix)
  if (fixes.length === 1) return fixes[0]
  return person?.choose('Which fix? What you have seen decides; change one thing at a time.', fixes, signal)
}

function whyNoFix({ person, steps, runbook }: RunRequest): string {
  if (person) return 'no fix was chosen'
  const fixes = fixesOf(steps).map(plain).join(', ')
  return `${runbook.name} has several fixes, and what was found decides: --yes --fix with one of ${fixes}`
}

async function permit(
  step: Step,
  { yes, person }: RunRequest,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  if (step.runs === 'by hand') return (await person?.done('This is for you to do.', signal)) ?? 'stop'
  if (!step.changes || yes) return 'yes'
  return (await person?.confirm('This changes the system. Run it?', signal)) ?? 'stop'
}

function whyNotAlone(number: number, step: Step, runbook: Runbook): string {
  if (step.runs === 'by hand')
    return `step ${number} needs a person at a terminal (docs/runbooks/${runbook.name}.md, line ${step.line})`
  return `step ${number} changes the system, and there is no terminal to ask at; --yes runs it`
}

function timeIsOver({ timeLimitMs, name }: Runbook): string {
  return `its time limit of ${lengthText(timeLimitMs)} is over: see "Escalation" in docs/runbooks/${name}.md`
}

function announce({ progress }: RunWorld, step: Step, number: string): void {
  const about = step.about === undefined ? '' : `: ${step.about}`
  const kind = step.runs === 'by hand' ? 'by hand' : step.changes ? 'changes the system' : 'looks'
  progress(`\n${number} ${step.part}${about} (${kind})`)
  for (const line of step.script.split('\n')) progress(`  $ ${line}`)
}

function writeDown(
  run: number,
  number: number,
  step: Step,
  outcome: StepOutcome,
  { store, now }: RunWorld,
): void {
  beginStep(store, run, number, step, now())
  endStep(store, run, number, { outcome, exitCode: undefined, output: '', at: now() })
}
