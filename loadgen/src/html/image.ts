import { generatorLines } from '../lines.ts'
import type { Report } from '../report.ts'
import { type Chart, HEIGHT, renderPlot, WIDTH } from './chart.ts'
import { chartsOf } from './charts.ts'
import { escaped } from './escaped.ts'
import { pointsOf } from './points.ts'
import { STYLE } from './style.ts'

const HEAD = 64
const CAPTION = 28
const FIRST_LEGEND = 180
const LEGEND_WIDTH = 140

/** The plots of rate and latency of a run as one SVG image, for a page that cannot embed HTML. */
export function renderImage({ startedAt, described, summary, profile }: Report): string {
  const charts = chartsOf(pointsOf(summary.slices, profile)).slice(0, 2)
  const height = HEAD + charts.length * (CAPTION + HEIGHT)
  const [generator = ''] = generatorLines(summary)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" style="width:${WIDTH}px;height:${height}px" font-family="system-ui, sans-serif">
<title>QuickTicket under load: rate and latency over time</title>
<style>${STYLE}</style>
<rect width="${WIDTH}" height="${height}" fill="var(--card)"/>
<text x="16" y="28" font-size="18" font-weight="650" fill="var(--text)">QuickTicket under load</text>
<text x="16" y="50" class="tick">${escaped(`${described} · ${startedAt.slice(0, 10)} · ${generator}`)}</text>
${charts.map((chart, index) => renderFigure(chart, HEAD + index * (CAPTION + HEIGHT))).join('\n')}
</svg>
`
}

function renderFigure(chart: Chart, top: number): string {
  const legend = [...(chart.stacked ?? []), ...chart.lines].map(({ name, color, dashed }, index) => {
    const x = FIRST_LEGEND + index * LEGEND_WIDTH
    return (
      `<line class="line ${color}${dashed ? ' dashed' : ''}" x1="${x}" x2="${x + 16}" y1="14" y2="14"/>` +
      `<text class="tick" x="${x + 22}" y="18">${escaped(name)}</text>`
    )
  })
  return `<g transform="translate(0 ${top})">
<text x="16" y="18" font-size="14" font-weight="650" fill="var(--text)">${chart.title} <tspan class="tick">${chart.unit}</tspan></text>
${legend.join('\n')}
<g transform="translate(0 ${CAPTION})">
${renderPlot(chart)}
</g>
</g>`
}
