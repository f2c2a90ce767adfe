import { type Context, SYSTEMS, type System } from '../context.ts'
import { getIncident } from '../incident/incident.ts'
import { authorOf } from '../incident/options.ts'
import { type Answer, type Arguments, CannotTell, UsageError, type Verb } from '../verb.ts'
import { findFix, fixesOf, lookingSteps, stepsFor } from './choose.ts'
import { lint } from './lint.ts'
import { personAt } from './person.ts'
import { findRun, listRuns, stateOf } from './record.ts'
import { runRunbook } from './run.ts'
import { readRunbook, runbookNames } from './runbook.ts'
import { endText, listText, planText, runText } from './text.ts'

export const verb: Verb = {
  usage: `npm run sre -- runbook list
npm run sre -- runbook show NAME | RUN
npm run sre -- runbook run NAME [--look] [--fix CAUSE] [--yes] [--dry-run] [--incident INC-0001]
npm run sre -- runbook lint

The pages of docs/runbooks, as commands. Their blocks are the steps. list names the pages and the last runs; show prints the
steps of a page, or what the steps of a run wrote; run runs them in order, and asks before one that changes the system; lint
checks the pages against the alerts of Prometheus.

  --look        only the steps that look for the cause
  --fix CAUSE   some words of the heading of a fix, where the page has several
  --yes         changes the system without asking
  --dry-run     prints what would run
  --incident I  attaches the run to this incident; the steps see its number as INCIDENT
  --system S    compose or cluster; by default SRE_SYSTEM`,
  options: {
    look: { type: 'boolean' },
    fix: { type: 'string' },
    yes: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    incident: { type: 'string' },
    system: { type: 'string' },
  },
  async run(context, given) {
    const [action = '', name, ...rest] = given.positionals
    if (!Object.hasOwn(ACTIONS, action))
      throw new UsageError(`${JSON.stringify(action)} is none of ${Object.keys(ACTIONS).join(', ')}`)
    if (rest.length > 0) throw new UsageError(`${JSON.stringify(rest[0])} is one argument too many`)
    return (ACTIONS[action] as Action)(context, name, given)
  },
}

type Action = (context: Context, name: string | undefined, given: Arguments) => Answer | Promise<Answer>

const ACTIONS: Record<string, Action> = { list, show, run, lint: check }

function list({ store, now, colors }: Context): Answer {
  const runbooks = runbookNames().map((name) => readRunbook(name))
  const runs = listRuns(store)
  return {
    ok: true,
    text: listText(runbooks, runs, { now: now(), colors }),
    json: { runbooks, runs: runs.map((each) => ({ ...each, state: stateOf(each, now()) })) },
  }
}

function show(context: Context, name: string | undefined, { values }: Arguments): Answer {
  if (name === undefined) throw new UsageError('show needs the name of a runbook, or the number of a run')
  if (!/^\d+$/.test(name)) return plan(context, name, values)
  const { store, now, colors } = context
  const found = findRun(store, Number(name))
  if (found === undefined) throw new CannotTell(`There is no run ${name}`, store.path)
  const json = { ...found, state: stateOf(found, now()) }
  return { ok: true, text: runText(found, { now: now(), colors }), json }
}

function plan(context: Context, name: string, values: Arguments['values']): Answer {
  const { runbook, steps, system } = choose(context, name, values)
  return { ok: true, text: planText(runbook, steps, system), json: { ...runbook, system, steps } }
}

async function run(context: Context, name: string | undefined, { values }: Arguments): Promise<Answer> {
  if (name === undefined) throw new UsageError('run needs the name of a runbook')
  if (values['dry-run'] === true) return plan(context, name, values)
  const { store, env, now, progress, colors } = context
  const incident =
    typeof values.incident === 'string' ? getIncident(store, values.incident).number : undefined
  const request = {
    ...choose(context, name, values),
    mode: 'by hand' as const,
    incident,
    author: authorOf(values, env),
    yes: values.yes === true,
    fix: typeof values.fix === 'string' ? values.fix : undefined,
    person: process.stdin.isTTY ? personAt(process.stdin, process.stderr) : undefined,
  }
  const interrupted = new AbortController()
  const onSignal = () => interrupted.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    const result = await runRunbook(request, { store, env, now, progress, signal: interrupted.signal })
    const found = findRun(store, result.run)
    const text = found ? `\n${endText(found, colors)}` : ''
    return { ok: result.outcome === 'completed', text, json: found }
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

function choose(context: Context, name: string, { system: given, look, fix }: Arguments['values']) {
  const system = typeof given === 'string' ? readSystem(given) : context.system
  const runbook = readRunbook(name)
  const all = stepsFor(runbook, system)
  if (typeof fix === 'string') findFix(fixesOf(all), fix)
  return { runbook, system, steps: look === true ? lookingSteps(all) : all }
}

function readSystem(text: string): System {
  if ((SYSTEMS as readonly string[]).includes(text)) return text as System
  throw new UsageError(`--system ${JSON.stringify(text)} must be compose or cluster`)
}

function check(): Answer {
  const faults = lint()
  const pages = runbookNames().length
  const text = faults.length === 0 ? `${pages} runbooks have no fault` : faults.join('\n')
  return { ok: faults.length === 0, text, json: { faults } }
}
