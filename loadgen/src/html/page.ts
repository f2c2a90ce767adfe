import { generatorLines, milliseconds, percent } from '../lines.ts'
import type { Report } from '../report.ts'
import { brokenOf, type RouteSummary } from '../summary.ts'
import type { Search } from '../until-breaks.ts'
import { renderChart, short } from './chart.ts'
import { chartsOf } from './charts.ts'
import { escaped } from './escaped.ts'
import { pointsOf } from './points.ts'
import { STYLE } from './style.ts'

/** A run as one page that needs nothing else: no scripts, no fonts, no network. */
export function renderHtml(report: Report): string {
  const { startedAt, described, scenario, seed, summary, verdicts, search, profile } = report
  const { all, buyers } = summary
  const verdictList = verdicts.map(
    ({ objective, shown, met }) =>
      `<li class="${met ? 'met' : 'missed'}">${met ? '✓' : '✗'} ${escaped(objective)}: ${escaped(shown)}</li>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>QuickTicket load · ${escaped(startedAt)}</title><style>${STYLE}</style></head>
<body><main>
<h1>${search ? kneeTitle(search) : 'QuickTicket under load'}</h1>
<p>${escaped(described)} · ${escaped(scenario)} · ${escaped(startedAt.slice(0, 19).replace('T', ' '))} UTC · seed ${seed}</p>
${verdictList.length > 0 ? `<ul class="slo">${verdictList.join('')}</ul>` : ''}
<div class="tiles">
${tile(short(all.count), 'requests')}
${tile(`${short(all.perSecond)}/s`, 'answered')}
${tile(duration(all.p50Ms), 'p50')}
${tile(duration(all.p99Ms), 'p99')}
${tile(`${(all.brokenRate * 100).toFixed(2)} %`, '5xx or lost', all.brokenRate > 0)}
${tile(short(buyers.sold_out), 'sold out (409)')}
</div>
${chartsOf(pointsOf(summary.slices, profile)).map(renderChart).join('\n')}
${search ? searchTable(search) : ''}
<h2>Routes${search ? ' at the knee' : ''}</h2>
${routeTable(summary.routes)}
<h2>The load generator</h2>
${generatorLines(summary)
  .map((line) => `<p>${escaped(line)}</p>`)
  .join('\n')}
<p>Latency counts from the moment a request was due, so a buyer who had to wait for the generator shows as a slow one.</p>
</main></body></html>
`
}

function routeTable(routes: RouteSummary[]): string {
  const head = [
    'route',
    'count',
    'rate/s',
    '2xx',
    '409',
    '4xx',
    '5xx',
    'refused',
    'reset',
    'timeout',
    'other',
    'p50',
    'p90',
    'p99',
    'p99.9',
    'max ms',
  ]
  const rows = routes.map((route) => {
    const { classes, failures } = route
    const counts = [
      classes['2xx'] + classes['3xx'],
      classes['409'],
      classes['4xx'],
      classes['5xx'],
      failures.refused,
      failures.reset,
      failures.timeout,
      failures.other,
    ]
    const times = [route.p50Ms, route.p90Ms, route.p99Ms, route.p999Ms, route.maxMs].map(milliseconds)
    const cells = [escaped(route.route), route.count, route.perSecond.toFixed(1), ...counts, ...times]
    return row(cells, brokenOf(route) > 0)
  })
  return table(head, rows)
}

function searchTable({ levels, unit }: Search): string {
  const rows = [...levels]
    .sort((a, b) => a.level - b.level)
    .map(({ level, broken, summary: { all, soldOutShare } }) =>
      row(
        [
          level,
          all.perSecond.toFixed(0),
          milliseconds(all.p50Ms),
          milliseconds(all.p99Ms),
          `${(all.brokenRate * 100).toFixed(2)} %`,
          percent(soldOutShare),
          broken ? escaped(broken) : 'held',
        ],
        broken !== undefined,
      ),
    )
  return `<h2>Steps</h2>${table([unit, 'requests/s', 'p50 ms', 'p99 ms', '5xx or lost', 'sold out', ''], rows)}`
}

function kneeTitle({ knee, beyond, soldOut, unit }: Search): string {
  if (soldOut) return `No knee measured: sold out at ${soldOut.level} ${unit}`
  if (!knee)
    return beyond ? `The knee is below ${beyond.level} ${unit}` : 'Ended before the first step was over'
  return beyond ? `The knee is at ${knee.level} ${unit}` : `No knee up to ${knee.level} ${unit}`
}

function tile(value: string, name: string, bad = false): string {
  return `<div class="tile${bad ? ' bad' : ''}"><b>${value}</b><span>${name}</span></div>`
}

function duration(ms: number): string {
  return ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${milliseconds(ms)} ms`
}

function table(head: string[], rows: string[]): string {
  return `<div class="table"><table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>${rows.join('')}</table></div>`
}

function row(cells: (string | number)[], broken: boolean): string {
  return `<tr${broken ? ' class="broken"' : ''}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}
