const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of a Prometheus duration of one unit, such as `90s` or `7d`. */
export function parseDurationMs(text: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  if (count === undefined) throw new Error(`"${text}" must be a number and one of ms, s, m, h, d, such as 7d`)
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
}

/** The same length in the largest unit that needs no fraction. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms)
  const units = Object.entries(UNIT_MS).toReversed()
  const [unit, size] = units.find(([, unitMs]) => whole % unitMs === 0) ?? ['ms', 1]
  return `${whole / size}${unit}`
}
