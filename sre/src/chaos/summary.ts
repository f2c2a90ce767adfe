import { harmless } from '../text.ts'
import type { Measured, Phase, RunData } from './journal.ts'
import { toleranceText } from './tolerance.ts'

/** What one probe found in the three phases, for people. */
interface ProbeSummary {
  name: string
  what: string
  allowed: string
  before: string
  during: string
  after: string
  /** whether everything that was judged is in tolerance; undefined: nothing was judged */
  ok: boolean | undefined
}

/** One line for each probe of a run. */
export function summarizeProbes(data: RunData): ProbeSummary[] {
  return [...data.hypothesis, ...data.probes, ...data.abort].map(({ name, what, tolerance }) => {
    const own = data.measured.filter(({ probe }) => probe === name)
    const judged = own.filter(({ phase, ok }) => phase === 'during' && ok !== null)
    return {
      name,
      what,
      allowed: tolerance === null ? 'any' : toleranceText(tolerance),
      before: summarize(own, 'before'),
      during: summarize(own, 'during'),
      after: last(own.filter(({ phase }) => phase === 'after')),
      ok: judged.length === 0 ? undefined : judged.every(({ ok }) => ok),
    }
  })
}

const MAX_LENGTH = 60

/** A value for people, with as many digits as help. */
function valueText({ value, error }: Pick<Measured, 'value' | 'error'>): string {
  if (value === null) return error === 'no data' ? error : 'not measured'
  return typeof value === 'number'
    ? String(Number(value.toPrecision(3)))
    : harmless(String(value), MAX_LENGTH)
}

const MANY = 3

function summarize(all: Measured[], wanted: Phase): string {
  const own = all.filter(({ phase }) => phase === wanted)
  if (own.length === 0) return '-'
  const counts = new Map<string, number>()
  for (const measured of own) counts.set(valueText(measured), (counts.get(valueText(measured)) ?? 0) + 1)
  const [only] = counts.keys()
  if (counts.size === 1 && only !== undefined) return only
  const numbers = own.flatMap(({ value }) => (typeof value === 'number' ? [value] : []))
  if (counts.size > MANY && numbers.length > 0) {
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)]
    return `${valueText({ value: least })} to ${valueText({ value: most })}`
  }
  const shown = [...counts].sort(([, a], [, b]) => b - a).slice(0, MANY)
  return shown.map(([text, count]) => `${text} (${count})`).join(', ')
}

function last(own: Measured[]): string {
  const measured = own.at(-1)
  return measured ? valueText(measured) : '-'
}
