import { userInfo } from 'node:os'
import type { Environment } from '../context.ts'
import { type Arguments, UsageError } from '../verb.ts'
import type { Severity } from './incident.ts'

type Values = Arguments['values']

const LONGEST_TEXT = 10_000

/** The readers of options. Each throws a UsageError that says what is allowed. */
export function textOf(values: Values, name: string): string | undefined {
  return values[name] === undefined ? undefined : requiredText(values, name)
}

export function requiredText(values: Values, name: string): string {
  const text = String(values[name] ?? '').trim()
  if (text !== '' && text.length <= LONGEST_TEXT) return text
  throw new UsageError(`--${name} must be a text of at most ${LONGEST_TEXT} characters`)
}

/** `2`, or `SEV2`. */
export function readSeverity(given: unknown): Severity {
  const digit = /^(?:sev)?([1-4])$/i.exec(String(given ?? ''))?.[1]
  if (digit !== undefined) return Number(digit) as Severity
  throw new UsageError(`--severity${shown(given)} must be 1, 2, 3 or 4; 1 is the worst`)
}

export function oneOf<T extends string>(given: unknown, allowed: readonly T[], name: string): T {
  const found = allowed.find((one) => one === given)
  if (found !== undefined) return found
  throw new UsageError(`${name}${shown(given)} must be one of ${allowed.join(', ')}`)
}

/** Given once or several times, or with commas. */
export function servicesOf({ service = [] }: Values): string[] {
  return [service]
    .flat()
    .flatMap((text) => String(text).split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

/** Who says so: `--by`, or the user of this shell. */
export function authorOf(values: Values, { USER, LOGNAME }: Environment): string {
  return textOf(values, 'by') ?? (USER || LOGNAME || userName())
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // a user without an entry in /etc/passwd, as in a container
    return 'unknown'
  }
}

function shown(given: unknown): string {
  return given === undefined ? '' : `=${JSON.stringify(given)}`
}
