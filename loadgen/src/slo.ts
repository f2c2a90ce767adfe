import { InvalidArgument } from './arguments.ts'
import type { Summary } from './summary.ts'

export interface Objective {
  /** as it was written */
  text: string
  metric: keyof typeof METRICS
  comparison: '<' | '>'
  /** a share from 0 to 1, milliseconds, or requests per second */
  limit: number
}

export interface Verdict {
  objective: string
  measured: number
  /** in the objective's own unit */
  shown: string
  met: boolean
}

const METRICS = {
  error_rate: { unit: '%', of: (summary: Summary) => summary.buyers.errorRate },
  '5xx_rate': { unit: '%', of: (summary: Summary) => summary.all.brokenRate },
  p50: { unit: 'ms', of: (summary: Summary) => summary.all.p50Ms },
  p90: { unit: 'ms', of: (summary: Summary) => summary.all.p90Ms },
  p99: { unit: 'ms', of: (summary: Summary) => summary.all.p99Ms },
  'p99.9': { unit: 'ms', of: (summary: Summary) => summary.all.p999Ms },
  max: { unit: 'ms', of: (summary: Summary) => summary.all.maxMs },
  rate: { unit: '/s', of: (summary: Summary) => summary.all.perSecond },
} as const

const SHAPE = `error_rate<0.5%,p99<500ms; known are ${Object.keys(METRICS).join(', ')}`

/** @throws {InvalidArgument} */
export function parseSlo(text: string): Objective[] {
  return text.split(',').map((part) => {
    const [, name = '', comparison = '', digits = '', unit = ''] =
      /^\s*([\w.]+)\s*([<>])\s*(\d+(?:\.\d+)?)\s*(%|ms|s|\/s)?\s*$/.exec(part) ?? []
    if (!(name in METRICS)) throw new InvalidArgument(`--slo has "${part}"; it has to look like ${SHAPE}`)
    const metric = name as keyof typeof METRICS
    const wanted = METRICS[metric].unit
    const given = unit === 's' && wanted === 'ms' ? 'ms' : unit
    if (given !== wanted) throw new InvalidArgument(`--slo has "${part}"; ${name} is in ${wanted}`)
    const factor = unit === '%' ? 0.01 : unit === 's' ? 1000 : 1
    return { text: part.trim(), metric, comparison: comparison as '<' | '>', limit: Number(digits) * factor }
  })
}

/** Without a single answer no objective is met. */
export function judge(objectives: Objective[], summary: Summary): Verdict[] {
  return objectives.map(({ text, metric, comparison, limit }) => {
    const measured = METRICS[metric].of(summary)
    const met = summary.all.count > 0 && (comparison === '<' ? measured < limit : measured > limit)
    return { objective: text, measured, shown: show(measured, METRICS[metric].unit), met }
  })
}

function show(value: number, unit: string): string {
  if (unit === '%') return `${(value * 100).toFixed(2)}%`
  return `${value.toFixed(1)}${unit === '/s' ? '/s' : ' ms'}`
}
