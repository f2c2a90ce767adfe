import { isAbsolute, join } from 'node:path'
import type { Context } from '../context.ts'
import { readLengthOption } from '../length-option.ts'
import { type Answer, type Arguments, CannotTell, UsageError, type Verb } from '../verb.ts'
import { askGate } from './ask-gate.ts'
import { findExperiment } from './catalogue.ts'
import { type Run, readRun, readRuns } from './journal.ts'
import { answerList } from './list.ts'
import { recoverInterrupted } from './recover.ts'
import { buildReport } from './report.ts'
import { writeReport } from './report-files.ts'
import { planText, runText } from './run-text.ts'
import { runExperiment } from './runner.ts'
import { runSchedule } from './schedule.ts'
import { readWindow } from './window.ts'

const USAGE = `npm run sre -- chaos run NAME|FILE.yaml [--dry-run]
npm run sre -- chaos list
npm run sre -- chaos report [RUN|NAME] [--out FILE.html|FILE.md]
npm run sre -- chaos schedule [--window "Mon-Fri 10:00-16:00"] [--every 2h] [--only NAME,NAME] [--seed N] [--once]

Experiments in Chaos Toolkit's format. run writes the hypothesis down, refuses an unsteady start, injects, measures, rolls back,
and waits until everything is steady again. Everything that it injects is rolled back at the end, at Ctrl-C and at an abort limit, and
ends by itself when the program is killed. The catalogue is in sre/experiments.

run: exit code 0 when the hypothesis held, 1 when it is broken, or the run was refused or aborted, 2 when it could not be told.

  --dry-run     what would be done, without doing it
  --out FILE    the report as a file, with plots; without it the last run as text
  --window W    days and hours in UTC in which the schedule may run experiments; by default always
  --every TIME  between two of them, by default 2h
  --only NAMES  to choose from; by default all that can run here
  --seed N      the same seed chooses the same experiments
  --once        one attempt`

/** `chaos run|list|report|schedule`. */
export const verb: Verb = {
  usage: USAGE,
  options: {
    'dry-run': { type: 'boolean' },
    out: { type: 'string' },
    window: { type: 'string' },
    every: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string' },
    once: { type: 'boolean' },
  },
  async run(context, given) {
    const [command, ...names] = given.positionals
    if (command === 'run') return run(context, names, given)
    await recoverInterrupted(context)
    if (command === 'list' && names.length === 0) return answerList(context)
    if (command === 'report') return report(context, names, given)
    if (command === 'schedule' && names.length === 0) return schedule(context, given)
    throw new UsageError('chaos needs one of run NAME, list, report [RUN], schedule')
  },
}

async function run(context: Context, names: string[], { values }: Arguments): Promise<Answer> {
  const [name] = names
  if (name === undefined || names.length > 1)
    throw new UsageError('chaos run needs the name of one experiment')
  const experiment = findExperiment(name, context.env)
  const { systems } = experiment.settings
  if (values['dry-run'] === true) {
    return { ok: true, text: planText(experiment), json: { name: experiment.name, systems } }
  }
  if (!systems.includes(context.system)) {
    throw new UsageError(`${experiment.name} runs on ${systems.join(', ')}; SRE_SYSTEM is ${context.system}`)
  }
  const done = await untilInterrupted(context, (signal) =>
    runExperiment(context, experiment, { signal, askGate }),
  )
  if (done.outcome === 'unknown') {
    throw new CannotTell(
      `${name}: it could not be told whether the hypothesis holds: ${done.data.reasons.join('; ')}`,
      `run ${done.id}`,
    )
  }
  return answerOf(done, context.colors)
}

function report(context: Context, names: string[], { values }: Arguments): Answer {
  const found = findRun(context, names)
  const { out } = values
  const answer = { ...answerOf(found, context.colors), ok: true }
  if (typeof out !== 'string') return answer
  const files = writeReport(
    buildReport(found),
    isAbsolute(out) ? out : join(context.env.INIT_CWD ?? '.', out),
  )
  return { ...answer, text: files.join('\n') }
}

function schedule(context: Context, { values }: Arguments): Promise<Answer> {
  const { window, every, only, seed, once } = values
  const given = {
    window: typeof window === 'string' ? readWindow(window) : undefined,
    everyMs: readLengthOption('every', every, { fallback: '2h' }),
    only: typeof only === 'string' ? only.split(',').map((name) => name.trim()) : [],
    seed: typeof seed === 'string' ? seed : String(context.now()),
    once: once === true,
  }
  return untilInterrupted(context, (signal) => runSchedule(context, given, { signal, askGate }))
}

function findRun({ store }: Context, [wanted]: string[]): Run {
  const found =
    wanted !== undefined && /^\d+$/.test(wanted)
      ? readRun(store, Number(wanted))
      : readRuns(store, { limit: 1, ...(wanted !== undefined && { name: wanted }) })[0]
  if (found) return found
  throw new CannotTell(
    wanted === undefined ? 'no experiment has run yet' : `no run "${wanted}" is known`,
    store.path,
  )
}

function answerOf(done: Run, colors: boolean): Answer {
  return { ok: done.outcome === 'held', text: runText(done, colors), json: done }
}

/** npm passes Ctrl-C on to a program that has got it from the terminal already. */
const SAME_SIGNAL_MS = 2000

/** Ctrl-C and the like abort the work, which rolls back. A later one ends the program, and the injections end by themselves. */
async function untilInterrupted<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let first: number | undefined
  function abort(signal: NodeJS.Signals): void {
    if (first === undefined) {
      first = context.now()
      context.progress(`${signal}: rolling back; again to leave it to the injections to end`)
      controller.abort(`stopped by ${signal}`)
    } else if (context.now() - first > SAME_SIGNAL_MS) process.exit(1)
  }
  for (const signal of signals) process.on(signal, abort)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of signals) process.off(signal, abort)
  }
}
