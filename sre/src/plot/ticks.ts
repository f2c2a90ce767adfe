const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 3, 7, 14, 30, 60, 90, 180, 365].map((count) => count * DAY),
]

export interface Tick {
  at: number
  label: string
}

/** At most 10 round values that enclose all values and 0. */
export function valueTicks(values: number[]): number[] {
  // not by spreading: a plot may have more values than a call takes arguments
  const least = values.reduce((a, b) => Math.min(a, b), 0)
  const largest = values.reduce((a, b) => Math.max(a, b), 0)
  // all of them 0
  const most = largest === least ? 1 : largest
  const rough = (most - least) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5].find((factor) => factor * power >= rough * 0.999) ?? 10) * power
  const first = Math.floor(least / step + 1e-9)
  const last = Math.max(Math.ceil(most / step - 1e-9), first + 1)
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}

/** Round moments in UTC, at most `most` of them. @param fromMs, toMs milliseconds since 1970 */
export function timeTicks(fromMs: number, toMs: number, most: number): Tick[] {
  const step = TIME_STEPS.find((each) => (toMs - fromMs) / each < most) ?? (toMs - fromMs) / most
  const first = Math.ceil(fromMs / step) * step
  const count = Math.floor((toMs - first) / step) + 1
  return Array.from({ length: Math.max(count, 0) }, (_, index) => {
    const at = first + index * step
    return { at, label: labelOf(at, step) }
  })
}

/** A value for people: `1.25`, `340`, `12k`, `3.4M`. */
export function shortValue(value: number): string {
  const size = Math.abs(value)
  if (size >= 999_500) return `${Number((value / 1e6).toPrecision(3))}M`
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`
  if (size >= 100) return value.toFixed(0)
  return String(Number(value.toPrecision(3)))
}

function labelOf(at: number, step: number): string {
  const text = new Date(at).toISOString()
  if (at % DAY === 0) return text.slice(5, 10)
  return step < MINUTE ? text.slice(11, 19) : text.slice(11, 16)
}
