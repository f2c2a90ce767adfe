import { parseDurationMs } from './duration.ts'

export interface BurnRate {
  severity: 'page' | 'ticket'
  long: string
  /** a twelfth of the long window: says that it still goes on */
  short: string
  /** how many times faster than allowed the budget is spent */
  factor: number
}

/**
 * Table 5-8 of the SRE Workbook: a share of the budget that is spent within the long window. Its last row is the ticket of
 * 10 % in 3 days; the one of 10 % in a day catches the same in a third of the time.
 * @see https://sre.google/workbook/alerting-on-slos/
 */
const SPENT = [
  { severity: 'page', long: '1h', short: '5m', share: 0.02 },
  { severity: 'page', long: '6h', short: '30m', share: 0.05 },
  { severity: 'ticket', long: '1d', short: '2h', share: 0.1 },
  { severity: 'ticket', long: '3d', short: '6h', share: 0.1 },
] as const

/**
 * burn rate = share of the budget × window of the SLO / window of the alert. For 30 days that is 14.4, 6, 3 and 1; for 7 days 3.36
 * and 1.4, and 1 where the formula says less: what lasts below 1 stays within the budget.
 */
export function burnRates(sloWindowMs: number): BurnRate[] {
  return SPENT.map(({ severity, long, short, share }) => {
    const factor = (share * sloWindowMs) / parseDurationMs(long)
    return { severity, long, short, factor: Math.max(1, rounded(factor)) }
  })
}

/** Without the noise of binary fractions. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
