import { formatDuration } from '@quickticket/monitoring/slo/duration'
import type { Budget } from '../budget/compute.ts'
import { renderTimePlot } from '../plot/time-plot.ts'
import type { Prometheus } from '../prometheus.ts'
import { lengthText, percentText, timeText } from '../text.ts'
import type { Objective } from './gather.ts'
import { type Html, html, trusted } from './html.ts'

const STATE_CLASS = { healthy: 'good', warning: 'warn', critical: 'bad' } as const
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** A card for each objective, and how much of the budgets was left over the last day. */
export function renderObjectives(objectives: Objective[], prometheus: Prometheus, at: number): Html {
  return html`<ul class="cards">${objectives.map((objective) => {
    const { answer } = objective
    const body = answer.budget
      ? renderBudget(answer.budget, objective, prometheus)
      : html`<p><span class="state warn">unknown</span> ${answer.unknown?.message}</p>`
    return html`<li class="card"><h3>${answer.slo.name}</h3><div class="soft">${answer.slo.displayName}</div>${body}</li>`
  })}</ul>
<div class="scroll plot" tabindex="0">${trusted(renderTrends(objectives, at))}</div>`
}

function renderTrends(objectives: Objective[], at: number): string {
  return renderTimePlot({
    title: 'Error budget left',
    unit: '%',
    fromMs: at - DAY_MS,
    toMs: at,
    series: objectives.map(({ answer, trend }) => ({
      name: answer.slo.name,
      points: trend.map((point) => ({ at: point.at, value: point.value * 100 })),
    })),
  })
}

function renderBudget(budget: Budget, { query }: Objective, prometheus: Prometheus): Html {
  const { left, state, objective, windowMs, burnRates, uncertain } = budget
  const share = Math.min(Math.max(left.share, 0), 1)
  return html`
<div><span class="big">${percentText(left.share, 1)}</span> left <span class="state ${STATE_CLASS[state]}">${state}</span></div>
<meter min="0" max="1" low="0.2" high="0.5" optimum="1" value="${share.toFixed(4)}">${percentText(left.share, 1)}</meter>
<dl>
<dt>target</dt><dd>${percentText(objective, 3)} over ${formatDuration(windowMs)}</dd>
<dt>budget</dt><dd><a href="${prometheus.linkTo(budget.query)}">${lengthText(budget.budget.minutes * MINUTE_MS)}, or ${Math.round(budget.budget.requests)} requests</a></dd>
<dt>burn rate</dt><dd>${burnRates.map(({ window, rate }) => `${window}: ${rate === undefined ? 'no traffic' : Number(rate.toPrecision(3))}`).join(', ')}</dd>
<dt>used up</dt><dd>${usedUpText(budget)}</dd>
${uncertain === undefined ? undefined : html`<dt>uncertain</dt><dd>${uncertain}</dd>`}
<dt>trend</dt><dd><a href="${prometheus.linkTo(query)}">query</a>, <code>sre budget ${budget.slo}</code></dd>
</dl>`
}

function usedUpText({ usedUp, left, windowMs }: Budget): string {
  if (left.share <= 0) return 'now'
  if (usedUp?.at === undefined) return `not within ${formatDuration(windowMs)}`
  return timeText(usedUp.at)
}
