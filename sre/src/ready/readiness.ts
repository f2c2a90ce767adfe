import type { Context } from '../context.ts'
import { type RunProgram, runProgram } from '../program.ts'
import { CannotTell } from '../verb.ts'
import { CHECKS } from './all.ts'
import type { Check, Finding, Inspected, Status } from './check.ts'
import { chooseServices } from './services.ts'
import { readPodTemplates, readSecret } from './system/cluster.ts'
import { readContainers } from './system/compose.ts'
import { readLoadedRules } from './system/loaded-rules.ts'
import { readObjects } from './system/objects.ts'
import type { Workload } from './system/workload.ts'

export interface Result extends Finding {
  check: Check
}

/** How to get it to pass. What is unknown has none of its own: what would make it pass says nothing of what would make it known. */
export function fixOf({ check, status, fix }: Result): string | undefined {
  return fix ?? (status === 'unknown' ? undefined : check.fix)
}

export interface Readiness {
  /** milliseconds since 1970 */
  at: number
  services: string[]
  results: Result[]
  counts: Record<Status, number>
}

export interface ReadinessOptions {
  /** only this service */
  service?: string
  /** how old a proof may be */
  maxAgeMs: number
  /** by default docker and kubectl of this machine */
  run?: RunProgram
}

/** @throws {UsageError} when there is no such service */
export async function computeReadiness(context: Context, options: ReadinessOptions): Promise<Readiness> {
  const inspected = await inspect(context, options)
  const results = await runChecks(CHECKS, inspected)
  return { at: context.now(), services: inspected.services, results, counts: count(results) }
}

export async function inspect(
  context: Context,
  { service, maxAgeMs, run = runProgram }: ReadinessOptions,
): Promise<Inspected> {
  return {
    context,
    services: await chooseServices(context.prometheus, service),
    maxAgeMs,
    workloads: once(() => readWorkloads(context, run)),
    rules: once(() => readLoadedRules(context.prometheus)),
    objects: once(() => readObjects(run)),
    secretValue: (secret) => readSecret(run, secret),
  }
}

export function runChecks(checks: Check[], inspected: Inspected): Promise<Result[]> {
  return Promise.all(checks.map(async (check) => ({ check, ...(await runCheck(check, inspected)) })))
}

export function count(results: Finding[]): Record<Status, number> {
  const counts = { pass: 0, fail: 0, unknown: 0, 'not applicable': 0 }
  for (const { status } of results) counts[status] += 1
  return counts
}

async function runCheck(check: Check, inspected: Inspected): Promise<Finding> {
  try {
    return await check.run(inspected)
  } catch (error) {
    if (error instanceof CannotTell || isMissingFile(error)) {
      return { status: 'unknown', evidence: error.message }
    }
    throw error
  }
}

/** An image need not have every file of the repository. */
function isMissingFile(error: unknown): error is Error {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function readWorkloads({ system, env }: Context, run: RunProgram): Promise<Workload[]> {
  if (system === 'cluster') return readPodTemplates(run)
  return readContainers(run, env.COMPOSE_PROJECT_NAME || 'quickticket')
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= read()
    return answer
  }
}
