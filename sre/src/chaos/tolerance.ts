import { listAt, numberAt, objectAt, oneOfAt, textAt } from '../fields.ts'
import { UsageError } from '../verb.ts'
import type { Measurement } from './probe.ts'

type Scalar = number | string | boolean

/** What a probe may find, as in Chaos Toolkit; `above` and `below` are ours. */
export type Tolerance =
  | { type: 'equals'; value: Scalar }
  | { type: 'one of'; values: Scalar[] }
  | { type: 'range'; range: [number, number] }
  | { type: 'above'; value: number }
  | { type: 'below'; value: number }
  | { type: 'regex'; pattern: string }

const TYPES = ['range', 'regex', 'above', 'below'] as const

/** @throws {UsageError} when it is none */
export function readTolerance(value: unknown, path: string): Tolerance {
  if (isScalar(value)) return { type: 'equals', value }
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every(isScalar)) return { type: 'one of', values: value }
    throw new UsageError(`${path} is a list of something else; allowed: numbers, texts, true and false`)
  }
  const given = objectAt(value, path, ['type', 'range', 'value', 'pattern'])
  const type = oneOfAt(given.type, `${path}.type`, TYPES)
  if (type === 'range') return readRange(objectAt(value, path, ['type', 'range']), path)
  if (type === 'regex') return readRegex(objectAt(value, path, ['type', 'pattern']), path)
  return { type, value: numberAt(objectAt(value, path, ['type', 'value']).value, `${path}.value`) }
}

export function isWithin(found: Exclude<Measurement, undefined>, tolerance: Tolerance): boolean {
  if (tolerance.type === 'equals') return found === tolerance.value
  if (tolerance.type === 'one of') return tolerance.values.includes(found)
  if (tolerance.type === 'regex') return new RegExp(tolerance.pattern).test(String(found))
  if (typeof found !== 'number' || Number.isNaN(found)) return false
  if (tolerance.type === 'above') return found > tolerance.value
  if (tolerance.type === 'below') return found < tolerance.value
  return found >= tolerance.range[0] && found <= tolerance.range[1]
}

/** For people: `200`, `0 to 5`, `below 0.5`. */
export function toleranceText(tolerance: Tolerance): string {
  if (tolerance.type === 'equals') return String(tolerance.value)
  if (tolerance.type === 'one of') return tolerance.values.join(' or ')
  if (tolerance.type === 'regex') return `/${tolerance.pattern}/`
  if (tolerance.type === 'range') return `${tolerance.range[0]} to ${tolerance.range[1]}`
  return `${tolerance.type} ${tolerance.value}`
}

/** The line that a plot draws for it. */
export function limitOf(tolerance: Tolerance): { value: number; label: string } | undefined {
  if (tolerance.type === 'range') return { value: tolerance.range[1], label: 'at most' }
  if (tolerance.type === 'above' || tolerance.type === 'below') {
    return { value: tolerance.value, label: tolerance.type }
  }
  if (tolerance.type !== 'equals' || typeof tolerance.value !== 'number') return undefined
  return { value: tolerance.value, label: 'equal to' }
}

function readRange(given: Record<string, unknown>, path: string): Tolerance {
  const [low, high, ...more] = listAt(given.range, `${path}.range`)
  const from = numberAt(low, `${path}.range[0]`)
  const to = numberAt(high, `${path}.range[1]`, { min: from })
  if (more.length > 0) throw new UsageError(`${path}.range has more than two numbers`)
  return { type: 'range', range: [from, to] }
}

function readRegex(given: Record<string, unknown>, path: string): Tolerance {
  const pattern = textAt(given.pattern, `${path}.pattern`)
  try {
    new RegExp(pattern)
  } catch (error) {
    throw new UsageError(`${path}.pattern: ${(error as Error).message}`)
  }
  return { type: 'regex', pattern }
}

function isScalar(value: unknown): value is Scalar {
  return ['number', 'string', 'boolean'].includes(typeof value)
}
