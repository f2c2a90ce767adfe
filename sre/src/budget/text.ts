import { formatDuration } from '@quickticket/monitoring/slo/duration'
import type { Episode } from '../observed/episodes.ts'
import { harmless, lengthText, paint, percentText, table, timeText } from '../text.ts'
import type { Budget, BudgetAnswer, BurnRate } from './compute.ts'
import type { Spending, SpendingEpisode } from './spending.ts'

const MINUTE_MS = 60_000
const COLORS = { healthy: 'green', warning: 'yellow', critical: 'red' } as const

/** Budgets for a terminal: for each objective how it stands, then why. */
export function budgetText(answers: BudgetAnswer[], colors: boolean): string {
  return answers
    .map(({ slo, budget, unknown }) =>
      budget ? oneBudget(budget, colors) : `${slo.name}  unknown\n  ${harmless(unknown?.message ?? '')}`,
    )
    .join('\n\n')
}

function oneBudget(budget: Budget, colors: boolean): string {
  const color = paint(colors)
  const { left, state, uncertain, spending } = budget
  const rest = left.share > 0 ? `${shareText(left.share)} of the budget is left` : 'the budget is used up'
  const rows = [
    [
      'target',
      `${percentText(budget.objective, 3)} over ${formatDuration(budget.windowMs)}: ${budget.displayName}`,
    ],
    ['budget', amountText(budget.budget)],
    [
      'spent',
      `${shareText(budget.spent.share)}: ${amountText(budget.spent)}, of ${countText(budget.seen.requests)} that were seen`,
    ],
    ['left', `${shareText(left.share)}: ${amountText(left)}`],
    ['burn rate', budget.burnRates.map(rateText).join(', ')],
    ['used up', usedUpText(budget)],
    ...(spending ? [['by time', byTimeText(budget, spending)]] : []),
    ...(uncertain ? [['uncertain', uncertain]] : []),
  ]
  return [
    `${color(budget.slo, 'bold')}  ${color(state, COLORS[state])}: ${rest}`,
    indented(table(rows)),
    ...(spending ? [indented(spendingText(spending, budget))] : []),
  ].join('\n')
}

function amountText({ minutes, requests }: { minutes: number; requests: number }): string {
  const sign = minutes < 0 ? '-' : ''
  return `${sign}${lengthText(Math.abs(minutes) * MINUTE_MS)} of outage, or ${countText(requests)} bad requests`
}

function rateText({ window, rate, coverage, spentShare }: BurnRate): string {
  if (rate === undefined) return `${window}: no traffic`
  const seen = coverage < 0.98 ? `, ${percentText(coverage, 1)} of it seen` : ''
  return `${window}: ${Number(rate.toPrecision(3))} (spent ${shareText(spentShare)}${seen})`
}

function usedUpText({ usedUp, left, windowMs }: Budget): string {
  if (left.share <= 0) return 'now'
  if (!usedUp) return 'unknown: no traffic within the last hour'
  const rate = `at the rate of the last hour (${Number(usedUp.burnRate.toPrecision(3))})`
  if (usedUp.at === undefined || usedUp.inMs === undefined) {
    return `not within ${formatDuration(windowMs)} ${rate}`
  }
  return `in ${lengthText(usedUp.inMs)}, ${timeText(usedUp.at)}, ${rate}`
}

/** Both views of one budget differ when the traffic does. */
function byTimeText({ spent }: Budget, { byTime }: Spending): string {
  const same = `${shareText(byTime.share)} if each minute counted alike`
  if (Math.abs(byTime.share - spent.share) <= Math.max(0.1 * spent.share, 0.0005)) return `${same}: the same`
  const busy = byTime.share < spent.share ? 'busier' : 'quieter'
  return `${same}, however many requests it had: the bad requests were in ${busy} minutes than the others`
}

function spendingText({ episodes, restShare, stepMs }: Spending, budget: Budget): string {
  if (episodes.length === 0) {
    const why =
      budget.spent.share > 0
        ? 'requests were bad, but never faster than the objective allows'
        : 'no request was bad'
    return `spent by   nothing that stands out: ${why}`
  }
  const rows = episodes.map((episode) => [
    timeText(episode.begin),
    episode.goesOn
      ? `${lengthText(episode.end - episode.begin)}, goes on`
      : lengthText(episode.end - episode.begin),
    shareText(episode.share),
    countText(episode.badRequests),
    overlapsText(episode),
  ])
  const rest = restShare > 0 ? `; ${shareText(restShare)} was spent outside of these` : ''
  return [
    `spent by   the largest episodes, to ${lengthText(stepMs)} exactly${rest}`,
    indented(table([['BEGIN', 'LENGTH', 'OF THE BUDGET', 'BAD', 'AT THE SAME TIME'], ...rows])),
  ].join('\n')
}

const SHOWN_OVERLAPS = 4
/** causes before symptoms */
const KINDS: Episode['kind'][] = ['fault', 'deploy', 'alert']

function overlapsText({ overlaps }: SpendingEpisode): string {
  if (overlaps.length === 0) return 'no alert, deploy or fault'
  const sorted = KINDS.flatMap((kind) => overlaps.filter((episode) => episode.kind === kind))
  const names = [...new Set(sorted.map(nameOf))]
  const more = names.length - SHOWN_OVERLAPS
  return names.slice(0, SHOWN_OVERLAPS).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function nameOf({ kind, name, service }: Episode): string {
  return harmless(`${kind} ${name}${service ? ` (${service})` : ''}`, 80)
}

function shareText(share: number): string {
  return percentText(share, Math.abs(share) < 0.1 ? 3 : 1)
}

function countText(count: number): string {
  return (Math.abs(count) < 10 ? Number(count.toFixed(1)) : Math.round(count)).toLocaleString('en')
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}
