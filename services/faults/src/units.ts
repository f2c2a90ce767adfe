import { failAt, quoted, type TextSpan } from './text-span.ts'

const MINUTE_MS = 60_000

/** Long enough for every experiment, and short enough for a timer. */
export const LONGEST_WINDOW_MS = 24 * 60 * MINUTE_MS
export const LONGEST_DELAY_MS = 10 * MINUTE_MS

const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: MINUTE_MS }
const UNITS_BYTES: Record<string, number> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}
const DURATION = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m)$/
const RATE = /^(\d+(?:\.\d+)?|\.\d+)(KB|MB|GB|KiB|MiB|GiB)\/s$/
const SHARE = /^(\d+(?:\.\d+)?|\.\d+)%$/

/** @returns milliseconds @throws {FaultSyntaxError} */
export function readDuration(span: TextSpan, longestMs = LONGEST_DELAY_MS): number {
  const [, number, unit] = DURATION.exec(span.text) ?? []
  if (number === undefined || unit === undefined)
    failAt(span, `${quoted(span)} is no duration: a number and ms, s or m, such as 250ms`)
  const ms = Number(number) * (UNITS_MS[unit] as number)
  if (ms > longestMs) failAt(span, `${span.text} is too long: at most ${longestMs / MINUTE_MS}m`)
  return ms
}

/** @returns bytes per second @throws {FaultSyntaxError} */
export function readByteRate(span: TextSpan): number {
  const [, number, unit] = RATE.exec(span.text) ?? []
  const rate = Number(number) * (UNITS_BYTES[unit ?? ''] ?? 0)
  if (!(rate > 0))
    failAt(span, `${quoted(span)} is no rate: a size above 0 and KB/s, MB/s or GB/s, such as 5MB/s`)
  return rate
}

/** @returns a share from 0 to 1 @throws {FaultSyntaxError} */
export function readShare(span: TextSpan): number {
  const [, number] = SHARE.exec(span.text) ?? []
  if (number === undefined)
    failAt(span, `${quoted(span)} is no share: a number from 0 to 100 and %, such as 5% or 0.5%`)
  const percent = Number(number)
  if (percent > 100) failAt(span, `${span.text} is more than all: a share is from 0% to 100%`)
  return percent / 100
}
