import { formatDuration } from '@quickticket/monitoring/slo/duration'
import { idOf } from '../incident/incident.ts'
import { harmless, lengthText, paint, percentText, table, timeText } from '../text.ts'
import { BANDS_FROM, type Band } from './bands.ts'
import type { Dora, Figure } from './compute.ts'
import type { Deployment } from './deployments.ts'

const COLORS = { elite: 'green', high: 'green', medium: 'yellow', low: 'red' } as const
const MOST_DEPLOYMENTS = 10

/** The four figures, then what they are made from, then what is missing. */
export function doraText(dora: Dora, colors: boolean): string {
  const color = paint(colors)
  const band = (found: Band | undefined) => (found ? color(found, COLORS[found]) : 'unknown')
  const { frequency, leadTime, failureRate, restore, anyIncident, deployments, fromMs, toMs, windowMs } = dora
  const seen = lengthText(toMs - fromMs)
  return [
    table([
      ['deployment frequency', band(frequency.band), frequencyText(frequency, seen)],
      ['lead time for changes', band(leadTime.band), lengthFigure(leadTime, 'commit', 'commits')],
      ['change failure rate', band(failureRate.band), failureText(failureRate)],
      ['time to restore', band(restore.band), lengthFigure(restore, 'failed change', 'failed changes')],
    ]),
    '',
    `Bands: ${BANDS_FROM}; definitions: Four Keys. In brackets: 95 %. A rollback is no change; an aborted canary is a failed one.`,
    `Seen: ${seen} of the ${formatDuration(windowMs)} that were asked for, since ${timeText(fromMs)}.`,
    `Incidents of any cause: ${lengthFigure(anyIncident, 'incident has ended', 'that ended')}.`,
    ...deploymentLines(deployments, color),
    ...missingLines(dora, color),
  ].join('\n')
}

function frequencyText({ n, value, daysInMedianWeek }: Dora['frequency'], seen: string): string {
  const count = `${n} ${n === 1 ? 'deployment' : 'deployments'} in ${seen}`
  if (value === undefined || daysInMedianWeek === undefined) return `${count}; a band needs two weeks`
  return `${count}, ${Number(value.toPrecision(2))} a week, on ${daysInMedianWeek} days of the median week`
}

function failureText({ value, failed, n, interval }: Dora['failureRate']): string {
  if (value === undefined || !interval) return 'no change was deployed'
  const { low, high } = interval
  return `${percentText(value, 0)} [${percentText(low, 0)}–${percentText(high, 0)}]: ${failed} of ${n} failed`
}

function lengthFigure({ value, interval, n }: Figure, one: string, many: string): string {
  if (value === undefined) return `no ${one}`
  const range = interval ? `[${lengthText(interval.low)}–${lengthText(interval.high)}]` : '[too few to say]'
  return `${lengthText(value)} ${range}: the median of ${n} ${n === 1 ? one : many}`
}

function deploymentLines(deployments: Deployment[], color: ReturnType<typeof paint>): string[] {
  if (deployments.length === 0) return []
  const shown = deployments.toReversed().slice(0, MOST_DEPLOYMENTS)
  const rest = deployments.length - shown.length
  return [
    '',
    color(rest > 0 ? `The last ${shown.length} of ${deployments.length}` : 'Deployments', 'bold'),
    table(
      shown.map(({ at, version, from, services, failed, rollback, incident, undoneAt }) => [
        `  ${timeText(at)}`,
        `${harmless(from, 40) || '?'} → ${harmless(version, 40)}`,
        harmless(services.join(', ')),
        rollback ? 'rollback' : failed ? failureOf(failed, incident) : 'good',
        undoneAt === undefined ? '' : `undone after ${lengthText(undoneAt - at)}`,
      ]),
    ),
  ]
}

function failureOf(failed: NonNullable<Deployment['failed']>, incident: number | undefined): string {
  const name = incident === undefined ? '' : idOf(incident)
  if (failed === 'incident') return `failed: ${name}`
  return `failed: ${failed}${name ? `, ${name}` : ''}`
}

function missingLines({ missing, toMs, fromMs, windowMs }: Dora, color: ReturnType<typeof paint>): string[] {
  const short = toMs - fromMs < 0.95 * windowMs ? ['Prometheus has less history than was asked for'] : []
  return [...missing, ...short].map(
    (line) => `${color('!', 'yellow')} ${harmless(line).replace(/[.?]*$/, '.')}`,
  )
}
