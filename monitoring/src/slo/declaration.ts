import { parse } from 'yaml'
import { parseDurationMs } from './duration.ts'

/** What is promised, out of a file in OpenSLO's shape. */
export interface Slo {
  name: string
  displayName: string
  description: string
  service: string
  /** share of events that have to be good, between 0 and 1 */
  objective: number
  windowMs: number
  /** selectors of counters; what is counted is either the good or the bad ones */
  total: string
  good?: string
  /** several, where there are several kinds of bad ones */
  bad?: string[]
}

/** @throws {Error} one line that says which field is wrong and what is allowed */
export function readDeclaration(text: string, file: string): Slo {
  const { kind, metadata, spec } = parse(text)
  const ratio = spec?.indicator?.spec?.ratioMetric
  const query = (which: string): string | undefined => ratio?.[which]?.metricSource?.spec?.query?.trim()
  const total = query('total')
  const good = query('good')
  const bad = query('bad')
  const objective = Number(spec?.objectives?.[0]?.target)

  check(kind === 'SLO', 'kind must be SLO')
  check(/^[a-z][a-z0-9-]*$/.test(metadata?.name ?? ''), 'metadata.name must be lower case with hyphens')
  check(objective > 0 && objective < 1, 'spec.objectives[0].target must be between 0 and 1, such as 0.995')
  check(spec.objectives.length === 1, 'spec.objectives must have one entry')
  check(total !== undefined, 'ratioMetric.total must have a query')
  check((good === undefined) !== (bad === undefined), 'ratioMetric must have either good or bad')
  return {
    name: metadata.name,
    displayName: metadata.displayName ?? metadata.name,
    description: spec.description,
    service: spec.service,
    objective,
    windowMs: parseDurationMs(spec.timeWindow?.[0]?.duration ?? ''),
    total: total as string,
    ...(good !== undefined && { good }),
    // PromQL has no `or` between the selectors of one rate()
    ...(bad !== undefined && { bad: bad.split(/\s+or\s+/) }),
  }

  function check(holds: boolean, rule: string): void {
    if (!holds) throw new Error(`${file}: ${rule}`)
  }
}
