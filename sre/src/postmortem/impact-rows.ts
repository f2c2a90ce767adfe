import { plain } from '../markdown.ts'
import { lengthText, percentText } from '../text.ts'
import type { Impact, Known, Orders } from './impact.ts'

const NOT_KNOWN = 'not known'
/** less is a scrape that was late */
const BLIND_MS = 60_000

/** The rows of the table: figure, value, how it was found. */
export function impactRows({ impact }: { impact: Impact }): string[][] {
  const { requests, turnedAway, orders, money, outage, budgets } = impact
  return [
    row('Requests failed', requests, ({ total, failed, byStatus }) => [
      `${count(failed)} of ${count(total)} (${percentText(total > 0 ? failed / total : 0)})`,
      Object.entries(byStatus)
        .map(([status, each]) => `${count(each)} × ${status}`)
        .join(', ') || 'no 5xx',
    ]),
    row('Buyers turned away', turnedAway, (steps) => [
      count(steps.reduce((sum, { failed, refused }) => sum + failed + refused, 0)),
      steps
        .map(
          ({ step, attempts, failed, refused }) =>
            `${step}: ${count(failed)} failed (5xx) and ${count(refused)} refused (4xx) of ${count(attempts)}`,
        )
        .join('; '),
    ]),
    row('Orders not made', orders, (value) => [`about ${count(value.notMade)}`, ordersText(value)]),
    row('Money not made', money, (cents) => [
      `about ${(cents / 100).toFixed(2)}`,
      'the orders not made, at the mean value that was given',
    ]),
    row('Time without any gateway', outage, ({ downMs, blindMs }) => [
      downMs === 0 ? 'none' : lengthText(downMs),
      blindMs > BLIND_MS
        ? `Prometheus itself saw nothing for ${lengthText(blindMs)}, which is not in it`
        : 'as scraped by Prometheus',
    ]),
    ...budgets.map(({ slo, spent }) =>
      row(`Budget of ${slo}`, spent, ({ bad, total, share, left, leftBefore }) => [
        `${shareText(share)} of the whole budget`,
        `${count(bad)} bad of ${count(total)}; left: ${
          leftBefore === undefined ? '' : `${percentText(leftBefore)} before, `
        }${percentText(left)} at the end`,
      ]),
    ),
  ]
}

function ordersText({ made, rate, rateBefore, beforeMs }: Orders): string {
  return `${count(made)} made, ${rate.toFixed(1)} a minute; in the hour before ${rateBefore.toFixed(1)} a minute (${lengthText(beforeMs)} of it seen)`
}

function row<T>(name: string, known: Known<T>, cells: (value: T) => [value: string, how: string]): string[] {
  if (known.missing !== undefined) return [name, NOT_KNOWN, plain(known.missing)]
  return [name, ...cells(known.value)]
}

/** Two digits, however small it is. */
function shareText(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
