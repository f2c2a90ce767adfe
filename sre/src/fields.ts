import { UsageError } from './verb.ts'

/** The readers of an experiment's fields. Each throws a UsageError with the path of the field and what is allowed. */

export function objectAt(value: unknown, path: string, keys: readonly string[]): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw wrong(path, value, `a mapping of ${keys.join(', ')}`)
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key))
  if (unknown !== undefined) {
    throw new UsageError(`${below(path, unknown)} is not known; allowed: ${keys.join(', ')}`)
  }
  return value as Record<string, unknown>
}

export function listAt(value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(path, value, 'a list')
}

export function textAt(value: unknown, path: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw wrong(path, value, 'a text')
}

export function numberAt(value: unknown, path: string, { min = -Infinity, max = Infinity } = {}): number {
  if (typeof value === 'number' && value >= min && value <= max) return value
  const limits = [min > -Infinity && `at least ${min}`, max < Infinity && `at most ${max}`].filter(Boolean)
  throw wrong(path, value, ['a number', ...limits].join(', '))
}

export function oneOfAt<T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw wrong(path, value, `one of ${allowed.join(', ')}`)
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `30s`, `2m`; a number counts seconds, as in Chaos Toolkit. @returns milliseconds */
export function durationAt(value: unknown, path: string, { maxMs = Infinity } = {}): number {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|[smhd])?$/.exec(String(value)) ?? []
  const ms = Number(digits) * (UNITS_MS[unit] ?? 1)
  if (ms >= 0 && ms <= maxMs) return ms
  const limit = maxMs < Infinity ? `, at most ${maxMs / 1000}s` : ''
  throw wrong(path, value, `a duration such as 500ms, 30s or 2m${limit}`)
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function wrong(path: string, value: unknown, allowed: string): UsageError {
  const shown = value === undefined ? 'missing' : JSON.stringify(value)
  return new UsageError(
    `${path} is ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}; allowed: ${allowed}`,
  )
}
