import { lengthText, table } from '../text.ts'
import type { Forecast, Unit } from './forecast.ts'
import { type Capacity, ENOUGH_HISTORY_MS } from './plan.ts'
import { GIB, MIB } from './quantity.ts'

const MOST_TABLES = 3

/** What is used as time goes, and when a limit is reached. */
export function timeTable({ load, resources, now, historyMs }: Capacity): string {
  const tables = resources.filter(({ name }) => name.startsWith('table ')).slice(0, MOST_TABLES)
  const shown = resources.filter((one) => !one.name.startsWith('table ') || tables.includes(one))
  // what a quarter of an hour shows is no figure for a day
  const perHour = historyMs < ENOUGH_HISTORY_MS
  return table([
    ['', 'NOW', 'PEAK', 'LIMIT', perHour ? 'EACH HOUR' : 'EACH DAY', 'R²', 'RESIDUAL', 'n', 'LIMIT REACHED'],
    ...[load, ...shown].map((one) => [
      `  ${one.name}`,
      amount(one.now, one.unit),
      amount(one.peak, one.unit),
      amount(one.limit, one.unit),
      ...timeCells(one, perHour ? 24 : 1),
      one.limit === undefined && one.againstTime ? '–' : reachedText(one, now),
    ]),
  ])
}

/** What the load costs, for what rises with it; then why not, for the rest. */
export function loadTable({ resources }: Capacity): string {
  const fitted = resources.flatMap(({ name, unit, limit, againstLoad }) =>
    againstLoad ? [{ name, unit, limit, ...againstLoad }] : [],
  )
  const rows = fitted.map(({ name, unit, limit, fit, perRequest, reached }) => [
    `  ${name}`,
    amount(fit.intercept, unit),
    `+${amount(perRequest.value, unit)}`,
    fit.r2.toFixed(2),
    amount(fit.residual, unit),
    String(fit.n),
    reached.at === undefined ? '–' : `${amount(limit, unit)} at ${rangeText(reached)} requests/s`,
  ])
  const header = ['', 'IDLE', 'EACH REQUEST/S', 'R²', 'RESIDUAL', 'n', 'LIMIT REACHED']
  return [...(rows.length > 0 ? [table([header, ...rows])] : []), ...unfittedLines(resources)].join('\n')
}

/** `686 [650–730]` */
export function rangeText(reached: {
  at: number | undefined
  earliest: number | undefined
  latest: number | undefined
}): string {
  const text = (load: number | undefined) => (load === undefined ? '…' : load.toFixed(0))
  return `${text(reached.at)} [${text(reached.earliest)}–${text(reached.latest)}]`
}

/** `in 12 d [10 d – 15 d]` */
export function reachedText({ againstTime, timeNote }: Forecast, now: number): string {
  if (!againstTime) return timeNote
  const { at, earliest, latest } = againstTime.reached
  const until = lengthText(againstTime.aheadMs)
  const text = (time: number | undefined) => (time === undefined ? '…' : lengthText(time - now))
  if (at !== undefined && at <= now) return 'now'
  if (at !== undefined) return `in ${text(at)} [${text(earliest)} – ${text(latest)}]`
  if (earliest === undefined) return `not in ${until}`
  const from = earliest <= now ? 'now' : `after ${text(earliest)}`
  return `not expected in ${until}, not excluded ${from}`
}

export function amount(value: number | undefined, unit: Unit): string {
  if (value === undefined) return '–'
  if (unit === 'bytes') return bytesText(value)
  if (unit === 'cores' && Math.abs(value) < 1) return `${Number((value * 1000).toPrecision(3))}m`
  return String(Number(value.toPrecision(3)))
}

function timeCells({ againstTime, unit, n }: Forecast, perDay: number): string[] {
  if (!againstTime) return ['–', '–', '–', String(n)]
  const { perDay: slope, trend, fit } = againstTime
  const sign = slope.value > 0 ? '+' : ''
  const text = trend === 'none' ? 'no trend' : `${sign}${amount(slope.value / perDay, unit)}`
  return [text, fit.r2.toFixed(2), amount(fit.residual, unit), String(n)]
}

function unfittedLines(resources: Forecast[]): string[] {
  const unfitted = resources.filter(({ againstLoad, loadNote }) => !againstLoad && loadNote)
  return [...Map.groupBy(unfitted, ({ loadNote }) => loadNote)].map(
    ([note, ones]) => `  ${ones.map(({ name }) => name).join(', ')}: ${note}`,
  )
}

function bytesText(bytes: number): string {
  const size = Math.abs(bytes)
  if (size >= GIB) return `${Number((bytes / GIB).toPrecision(3))}Gi`
  if (size >= MIB) return `${Number((bytes / MIB).toPrecision(3))}Mi`
  return `${Number((bytes / 1024).toPrecision(3))}Ki`
}
