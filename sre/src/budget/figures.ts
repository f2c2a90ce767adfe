const HOUR_MS = 3_600_000

/** How long a total outage may last. @param objective share of good events, such as 0.999 */
export function budgetMs(objective: number, windowMs: number): number {
  return allowedShare(objective) * windowMs
}

/** The share of events that may be bad, without the noise of binary fractions. */
export function allowedShare(objective: number): number {
  return Number((1 - objective).toPrecision(10))
}

/** The share of the budget that is spent within a time. @param burnRate 1 spends the whole budget in the whole window */
export function shareSpent(burnRate: number, { lengthMs, windowMs }: Lengths): number {
  return (burnRate * lengthMs) / windowMs
}

/**
 * When the rest of a budget is spent at the same rate: table 5-4 of the SRE Workbook. Infinity when that takes longer than the
 * window: until then, what is spent now has left it again.
 *
 * @see https://sre.google/workbook/alerting-on-slos/
 */
export function msToExhaustion(
  burnRate: number,
  { left, windowMs }: { left: number; windowMs: number },
): number {
  if (left <= 0) return 0
  if (burnRate <= 0) return Infinity
  const ms = (left * windowMs) / burnRate
  // a second is less than any of this can be measured
  return ms > windowMs + 1000 ? Infinity : ms
}

/** The windows that burn rates are shown for: those of the alerts that page, and of the last one that does not. */
export const BURN_WINDOWS = [
  { name: '1h', ms: HOUR_MS },
  { name: '6h', ms: 6 * HOUR_MS },
  { name: '3d', ms: 72 * HOUR_MS },
] as const

interface Lengths {
  lengthMs: number
  windowMs: number
}
