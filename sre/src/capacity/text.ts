import { formatDuration } from '@quickticket/monitoring/slo/duration'
import { harmless, lengthText, paint, table } from '../text.ts'
import { FEWEST_POINTS } from './forecast.ts'
import { kneeText } from './knee.ts'
import { type Capacity, ENOUGH_HISTORY_MS } from './plan.ts'
import type { Prices } from './prices.ts'
import { cpuQuantity, memoryQuantity } from './quantity.ts'
import type { Advice } from './right-size.ts'
import { amount, loadTable, rangeText, reachedText, timeTable } from './tables.ts'

/** The answer first, then the fits, then what to ask for. */
export function capacityText(capacity: Capacity, prices: Prices, colors: boolean): string {
  const color = paint(colors)
  const { firstByTime } = capacity
  const verdict = firstByTime
    ? color(`${firstByTime.name} reaches its limit ${reachedText(firstByTime, capacity.now)}`, 'red')
    : color(noLimitText(capacity), capacity.aheadMs < capacity.horizonMs ? 'yellow' : 'green')
  return [
    verdict,
    table(summaryRows(capacity)),
    ...cautions(capacity).map((line) => `${color('!', 'yellow')} ${line}`),
    '',
    `${color('As time goes', 'bold')} (least squares; in brackets where a new value lies with 95 % probability)`,
    timeTable(capacity),
    '',
    color('As the load rises', 'bold'),
    loadTable(capacity),
    '',
    adviceText(capacity, prices, color),
  ].join('\n')
}

function noLimitText({ aheadMs, horizonMs, perhapsByTime, now }: Capacity): string {
  if (perhapsByTime) {
    const when = reachedText(perhapsByTime, now)
    return `Too little history to say. If it went on like this, ${perhapsByTime.name} would reach its limit ${when}`
  }
  if (aheadMs === 0) return 'Too little history to say when a limit is reached'
  const within = `No limit is expected to be reached within ${lengthText(aheadMs)}`
  return aheadMs < horizonMs ? `${within}, as far as this history can say` : within
}

function summaryRows(capacity: Capacity): string[][] {
  const { load, firstByLoad, knee, replicas } = capacity
  const running = Object.entries(replicas).map(([service, count]) => `${harmless(service)} ${count}`)
  const now = `${amount(load.now, 'requests/s')} requests/s, ${amount(load.peak, 'requests/s')} at its peak`
  return [
    ['  load', `${now}${trendText(capacity)}`],
    ['  limits first', firstByLoadText(capacity)],
    [
      '  measured knee',
      knee
        ? kneeText(knee)
        : 'none yet: npm run load -- --until-breaks --refill --json FILE, then --knee FILE',
    ],
    ...(knee && firstByLoad
      ? [
          [
            '',
            `the fits say ${firstByLoad.at.toFixed(0)}: ${offText(firstByLoad.at / knee.requestsPerSecond)}`,
          ],
        ]
      : []),
    ['  replicas', running.join(', ')],
  ]
}

function firstByLoadText({ firstByLoad, load: { peak } }: Capacity): string {
  if (!firstByLoad)
    return 'unknown: nothing that is used rises with the load in a way that a line could follow'
  const times = peak ? `, ${Number((firstByLoad.at / peak).toPrecision(2))} times the peak` : ''
  return `${firstByLoad.name}, at ${rangeText(firstByLoad)} requests/s${times}`
}

function trendText({ load: { againstTime } }: Capacity): string {
  if (!againstTime || againstTime.trend === 'none') return ''
  const { then, aheadMs } = againstTime
  const range = [then.low, then.high].map((value) => Math.max(value, 0).toFixed(1)).join('–')
  return `; ${Math.max(then.value, 0).toFixed(1)} [${range}] in ${lengthText(aheadMs)}`
}

function cautions(capacity: Capacity): string[] {
  const { historyMs, windowMs, aheadMs, horizonMs, resources, load, samples, databaseNote } = capacity
  const alike = [load, ...resources].filter(
    ({ againstTime }) => againstTime && againstTime.fit.independent < againstTime.fit.n / 2,
  )
  return [
    ...(historyMs < 0.95 * windowMs
      ? [`Prometheus has ${lengthText(historyMs)} of the ${formatDuration(windowMs)} that were asked for.`]
      : []),
    ...(aheadMs < horizonMs
      ? [
          `A line is drawn at most ten times as far as it was seen: ${lengthText(aheadMs)} of ${formatDuration(horizonMs)}.`,
        ]
      : []),
    ...(historyMs < ENOUGH_HISTORY_MS
      ? ['Less than a day: the warm-up of processes and the hours of a day look like growth.']
      : []),
    ...(alike.length > 0
      ? [
          `Neighbouring values are alike, and their intervals are wider for it: ${alike.map(({ name }) => name).join(', ')}.`,
        ]
      : []),
    ...(databaseNote ? [`${harmless(databaseNote)}.`] : []),
    ...(!databaseNote && samples < FEWEST_POINTS
      ? [
          `The sizes of the database are in no metric. Each run asks for them and keeps them: ${samples} so far, a line needs ${FEWEST_POINTS}.`,
        ]
      : []),
  ]
}

function adviceText({ advice, disk }: Capacity, prices: Prices, color: ReturnType<typeof paint>): string {
  const now = advice.reduce((sum, one) => sum + one.costNow, disk?.costNow ?? 0)
  const asked = advice.reduce((sum, one) => sum + one.costAsked, disk?.costAsked ?? 0)
  const money = (amount: number) => `${amount.toFixed(2)} ${harmless(prices.currency)}`
  const change = asked - now
  const verdict =
    Math.abs(change) < 0.005
      ? 'costs the same'
      : change < 0
        ? `saves ${money(-change)} a month`
        : `costs ${money(change)} a month more`
  return [
    `${color('To ask for', 'bold')}: ${verdict}, ${money(asked)} instead of ${money(now)}`,
    table([
      ['', 'p95 CPU', 'PEAK MEMORY', 'REPLICAS', 'CPU REQUEST', 'MEMORY REQUEST', 'MEMORY LIMIT'],
      ...advice.map(adviceRow),
    ]),
    ...(disk
      ? [`  disk of PostgreSQL: ${changeText(amount(disk.present, 'bytes'), amount(disk.asked, 'bytes'))}`]
      : []),
    `  prices: ${harmless(prices.source)}`,
  ].join('\n')
}

function adviceRow({ service, measured, present, asked }: Advice): string[] {
  return [
    `  ${service}`,
    measured ? amount(measured.cpuP95, 'cores') : 'not measured',
    measured ? amount(measured.memoryPeak, 'bytes') : '',
    changeText(String(present.replicas), String(asked.replicas)),
    changeText(cpuQuantity(present.cpuRequest), cpuQuantity(asked.cpuRequest)),
    changeText(memoryQuantity(present.memoryRequest), memoryQuantity(asked.memoryRequest)),
    changeText(memoryQuantity(present.memoryLimit), memoryQuantity(asked.memoryLimit)),
  ]
}

function changeText(from: string, to: string): string {
  return from === to ? to : `${from} → ${to}`
}

function offText(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100)
  return percent === 0 ? 'the same' : `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'}`
}
