import { formatDuration, parseDurationMs } from '@quickticket/monitoring/slo/duration'
import { UsageError } from './verb.ts'

interface LengthLimits {
  /** the value without the option, and the example in the error */
  fallback: string
  /** by default a minute */
  minMs?: number
}

/** Ten years: a date this far back still exists, and Prometheus takes the range. */
const MAX_MS = parseDurationMs('3650d')

/**
 * The value of an option such as `--window 14d`.
 *
 * @returns milliseconds
 * @throws {UsageError} when it is no duration, or shorter or longer than is allowed
 */
export function readLengthOption(
  name: string,
  value: unknown,
  { fallback, minMs = 60_000 }: LengthLimits,
): number {
  const text = String(value ?? fallback)
  let ms = 0
  try {
    ms = parseDurationMs(text)
  } catch (error) {
    throw new UsageError(`--${name}: ${(error as Error).message}`)
  }
  if (ms >= minMs && ms <= MAX_MS) return ms
  const limits = `from ${formatDuration(minMs)} to ${formatDuration(MAX_MS)}`
  throw new UsageError(`--${name}=${JSON.stringify(text)} must be ${limits}, such as ${fallback}`)
}
