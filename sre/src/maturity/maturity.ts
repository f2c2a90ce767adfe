import type { Context } from '../context.ts'
import { CHECKS } from '../ready/all.ts'
import type { Check } from '../ready/check.ts'
import {
  count,
  inspect,
  type Readiness,
  type ReadinessOptions,
  type Result,
  runChecks,
} from '../ready/readiness.ts'
import { AREAS } from './areas.ts'

export interface AreaMaturity {
  name: string
  level: number
  /** what level + 1 still needs; empty at the highest level */
  missing: Result[]
  /** the checks of each level from 1 on */
  levels: Result[][]
}

export interface Maturity {
  /** milliseconds since 1970 */
  at: number
  /** of the least mature area */
  level: number
  areas: AreaMaturity[]
}

/** What the levels need besides the checks of readiness: that something is done, and again. */
const PRACTICES = [...new Set(AREAS.flatMap(({ needs }) => needs.flat()))].filter(
  (check) => !CHECKS.includes(check),
)

/** Both answers from one look at the system. @throws {UsageError} when there is no such service */
export async function assess(
  context: Context,
  options: ReadinessOptions,
): Promise<{ readiness: Readiness; maturity: Maturity }> {
  const inspected = await inspect(context, options)
  const [results, practices] = await Promise.all([
    runChecks(CHECKS, inspected),
    runChecks(PRACTICES, inspected),
  ])
  const at = context.now()
  return {
    readiness: { at, services: inspected.services, results, counts: count(results) },
    maturity: gradeMaturity([...results, ...practices], at),
  }
}

/** @param results of all checks that AREAS names */
export function gradeMaturity(results: Result[], at: number): Maturity {
  const areas = AREAS.map(({ name, needs }) => {
    const levels = needs.map((checks) => checks.map((check) => resultOf(check, results)))
    const open = levels.map((level) =>
      level.filter(({ status }) => status === 'fail' || status === 'unknown'),
    )
    const firstOpen = open.findIndex((missing) => missing.length > 0)
    const level = firstOpen === -1 ? needs.length : firstOpen
    return { name, level, missing: open[level] ?? [], levels }
  })
  return { at, level: Math.min(...areas.map(({ level }) => level)), areas }
}

function resultOf(check: Check, results: Result[]): Result {
  const found = results.find((result) => result.check === check)
  if (!found) throw new Error(`the check ${check.id} has no result`)
  return found
}
