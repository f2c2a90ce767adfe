import type { System } from '../context.ts'
import { PROGRAM } from '../incident/updates.ts'
import type { Store } from '../store/store.ts'
import { findFix, fixesOf, lookingSteps, plain, stepsFor } from './choose.ts'
import type { RunRow } from './record.ts'
import { INTERRUPTED, type RunResult, runRunbook } from './run.ts'
import type { RunWorld } from './run-step.ts'
import { RUNBOOKS, type Runbook, runbooksByAlert } from './runbook.ts'
import type { Step } from './steps.ts'

export interface AutomaticRequest {
  system: System
  /** its label `alertname`; it chooses the page, and is part of no command */
  alert: string
  /** the number of the incident that the output is attached to */
  incident: number
  /** from sre/incidents.yaml: `target-down`, or `high-error-rate/a-new-version-is-broken` where a page has several fixes */
  allowedAutomatic: string[]
  /** the pages; by default docs/runbooks */
  runbooks?: string | undefined
}

/** A page is tried this often for an incident, should each try end with this program. */
const MOST_TRIES = 3
/** What hangs must not keep other incidents waiting. */
const LONGEST_LOOK_MS = 2 * 60_000
/** Pages that are edited count after this time. */
const PAGES_FOR_MS = 60_000

interface Lanes {
  looks: Promise<unknown>
  /** apart: a fix may take as long as its page says */
  fixes: Promise<unknown>
  pages: { directory: string; readAt: number; byAlert: Map<string, Runbook> } | undefined
}

/** One after the other: many incidents at once must not become many shells at once. */
const lanesOf = new WeakMap<Store, Lanes>()

/**
 * For an alert whose page says `auto: true`: runs the steps that only look, for two minutes at most, and attaches what they wrote to
 * the incident; once for each page and incident. A run that ended with its process is repeated without its changes. Steps that change
 * something run only when `allowedAutomatic` names the page; those for a person never do.
 *
 * @returns undefined when nothing had to run, and for processes of `npm start`, which the pages have no commands for
 * @throws {CannotTell} when an allowed change finds another one under way; what was seen is attached all the same
 */
export async function runAutomaticSteps(
  request: AutomaticRequest,
  world: RunWorld,
): Promise<RunResult | undefined> {
  if (request.system === 'local') return undefined
  const lanes = lanesFor(world.store)
  const { alert, incident, allowedAutomatic, runbooks = RUNBOOKS, system } = request
  const runbook = findPage(lanes, runbooks, { alert, now: world.now() })
  if (!runbook?.auto) return undefined
  const steps = stepsFor(runbook, system, runbooks).filter(({ runs }) => runs !== 'by hand')
  const allowed = allowedFix(runbook, steps, allowedAutomatic)

  const runNext = async (): Promise<RunResult | undefined> => {
    if (world.signal?.aborted) return undefined
    const tries = triesOf(world.store, runbook.name, incident)
    if (tries.some(isDone) || tries.length >= MOST_TRIES) return undefined
    // the change may be what ended this program
    const fix = tries.length === 0 ? allowed : undefined
    return runRunbook(
      {
        runbook: fix === undefined ? limited(runbook) : runbook,
        steps: fix === undefined ? lookingSteps(steps) : steps,
        system,
        mode: 'automatic',
        incident,
        author: PROGRAM,
        yes: fix !== undefined,
        fix,
        person: undefined,
      },
      world,
    )
  }
  const lane = allowed === undefined ? 'looks' : 'fixes'
  const run = lanes[lane].then(runNext)
  lanes[lane] = run.catch(() => undefined)
  return run
}

function lanesFor(store: Store): Lanes {
  const lanes = lanesOf.get(store) ?? {
    looks: Promise.resolve(),
    fixes: Promise.resolve(),
    pages: undefined,
  }
  lanesOf.set(store, lanes)
  return lanes
}

/** Pages are kept: many alerts come at once. */
function findPage(
  lanes: Lanes,
  directory: string,
  { alert, now }: { alert: string; now: number },
): Runbook | undefined {
  const { pages } = lanes
  const isFresh = pages?.directory === directory && Math.abs(now - pages.readAt) < PAGES_FOR_MS
  const kept = isFresh ? pages : { directory, readAt: now, byAlert: runbooksByAlert(directory) }
  lanes.pages = kept
  return kept.byAlert.get(alert)
}

function limited(runbook: Runbook): Runbook {
  return { ...runbook, timeLimitMs: Math.min(runbook.timeLimitMs, LONGEST_LOOK_MS) }
}

/** The heading of the fix that may run by itself; undefined when none may. */
function allowedFix({ name }: Runbook, steps: Step[], allowed: string[]): string | undefined {
  const fixes = fixesOf(steps)
  const entry = allowed.find((each) => each.split('/', 1)[0] === name)
  if (entry === undefined) return undefined
  const wanted = entry.slice(name.length + 1)
  if (wanted === '') return fixes.length === 1 ? fixes[0] : undefined
  return fixes.some((title) => plain(title) === wanted) ? findFix(fixes, wanted) : undefined
}

type Try = Pick<RunRow, 'outcome' | 'reason'>

function triesOf(store: Store, name: string, incident: number): Try[] {
  return store.all<Try>(
    "SELECT outcome, reason FROM runbook_runs WHERE name = ? AND incident = ? AND mode = 'automatic'",
    name,
    incident,
  )
}

function isDone({ outcome, reason }: Try): boolean {
  return outcome !== null && reason !== INTERRUPTED
}
