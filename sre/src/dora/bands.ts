export type Band = 'elite' | 'high' | 'medium' | 'low'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS
const MONTH_MS = 30 * DAY_MS

/**
 * The bands are those of the report of 2023, the last one whose four figures all get worse from elite to low (2024 has 20 % of failed
 * changes as high and 10 % as medium).
 *
 * @see https://dora.dev/research/2023/dora-report/
 */
export const BANDS_FROM = 'Accelerate State of DevOps Report 2023'

/** From commit to production: less than a day, a week, a month, or more. */
export function leadTimeBand(ms: number): Band {
  return bandOf(ms, [DAY_MS, WEEK_MS, MONTH_MS])
}

/** Up to 5 %, 10 %, 15 %, or more. @param share from 0 to 1 */
export function failureRateBand(share: number): Band {
  return bandOf(
    share,
    [0.05, 0.1, 0.15].map((most) => most + 1e-12),
  )
}

/** Less than an hour, a day, a week, or more. */
export function restoreBand(ms: number): Band {
  return bandOf(ms, [HOUR_MS, DAY_MS, WEEK_MS])
}

/**
 * As Four Keys counts: on three or more days of the median week: on demand; in the median week: weekly; in the median month: monthly.
 * A month is four weeks here.
 *
 * @param times of deployments, in milliseconds since 1970
 * @returns undefined when less than two whole weeks were seen
 * @see https://github.com/dora-team/fourkeys/blob/main/METRICS.md
 */
export function frequencyBand(
  times: number[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): { band: Band; daysInMedianWeek: number; weeks: number } | undefined {
  const weeks = Math.floor((toMs - fromMs) / WEEK_MS)
  if (weeks < 2) return undefined
  const begin = toMs - weeks * WEEK_MS
  const days = [...new Set(times.filter((at) => at >= begin).map((at) => Math.floor((at - begin) / DAY_MS)))]
  const perWeek = counts(days, 7, weeks)
  const daysInMedianWeek = median(perWeek) ?? 0
  const perMonth = counts(days, 28, Math.max(Math.floor(weeks / 4), 1))
  const monthly = (median(perMonth) ?? 0) >= 1
  const band = daysInMedianWeek >= 3 ? 'elite' : daysInMedianWeek >= 1 ? 'high' : monthly ? 'medium' : 'low'
  return { band, daysInMedianWeek, weeks }
}

export function median(values: number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}

function counts(days: number[], daysEach: number, periods: number): number[] {
  return Array.from(
    { length: periods },
    (_, period) => days.filter((day) => Math.floor(day / daysEach) === period).length,
  )
}

function bandOf(value: number, [elite = 0, high = 0, medium = 0]: number[]): Band {
  if (value < elite) return 'elite'
  if (value < high) return 'high'
  return value < medium ? 'medium' : 'low'
}
