import { timeText } from '../text.ts'
import { escapeHtml } from './escaped.ts'
import { cut, LEFT, type PlotPoint, placeInRows, RIGHT, WIDTH, withoutGaps } from './layout.ts'
import { type PlotMark, renderMarks } from './marks.ts'
import { PLOT_STYLE, SERIES_COLORS } from './style.ts'
import { shortValue, timeTicks, valueTicks } from './ticks.ts'

export interface PlotSeries {
  name: string
  /** in the order of time */
  points: PlotPoint[]
  /** for a forecast, or a comparison */
  dashed?: boolean
}

export interface TimePlot {
  title: string
  /** what follows a value: `%`, `requests/s` */
  unit: string
  /** milliseconds since 1970 */
  fromMs: number
  toMs: number
  series: PlotSeries[]
  marks?: PlotMark[]
  /** a horizontal line, such as an objective; a number alone is called `limit` */
  limit?: number | { value: number; label: string }
}

const PLOT_HEIGHT = 210
const HEAD = 30
const LEGEND_ROW = 18
const BOTTOM = 28
const MAX_MOMENTS = 120

/**
 * A plot over time as one SVG, embedded in a page or as a file of its own. Light or dark as the reader's system is. Times are UTC.
 * Missing values are gaps; a period without any value says so.
 */
export function renderTimePlot(plot: TimePlot): string {
  const { title, unit, fromMs, toMs, series, marks = [] } = plot
  const limit = typeof plot.limit === 'number' ? { value: plot.limit, label: 'limit' } : plot.limit
  const within = ({ at }: PlotPoint) => at >= fromMs && at <= toMs
  const shown = series.map((each) => ({ ...each, points: each.points.filter(within) }))
  const values = shown.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite)
  const ticks = valueTicks(limit ? [...values, limit.value] : values)
  const [least = 0, most = 1] = [ticks[0], ticks.at(-1)]

  const legend = placeInRows(
    shown.map(({ name }) => cut(name, 60)),
    LEFT,
    22,
  )
  const top = HEAD + ((legend.at(-1)?.row ?? 0) + 1) * LEGEND_ROW
  const bottom = top + PLOT_HEIGHT
  const x = (at: number) => LEFT + ((at - fromMs) / Math.max(toMs - fromMs, 1)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => bottom - ((value - least) / (most - least)) * PLOT_HEIGHT

  const parts = [
    `<rect class="card" width="${WIDTH}" height="${bottom + BOTTOM}" rx="10"/>`,
    `<text class="title" x="${LEFT}" y="22">${escapeHtml(cut(title, 80))}</text>`,
    `<text x="${WIDTH - RIGHT}" y="22" text-anchor="end">${escapeHtml(unit === '' ? '' : `${unit}, `)}${periodText(fromMs, toMs)}</text>`,
    ...legend.map(({ text, x: left, row }, index) => {
      const middle = HEAD + row * LEGEND_ROW + 8
      return (
        `<line class="line ${styleOf(index, shown[index])}" x1="${left}" x2="${left + 16}" y1="${middle}" y2="${middle}"/>` +
        `<text x="${left + 22}" y="${middle + 4}">${escapeHtml(text)}</text>`
      )
    }),
    ...ticks.map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>` +
        `<text x="${LEFT - 8}" y="${px(y(tick) + 4)}" text-anchor="end">${shortValue(tick)}</text>`,
    ),
    ...timeTicks(fromMs, toMs, 12).map(
      ({ at, label }) => `<text x="${px(x(at))}" y="${bottom + 18}" text-anchor="middle">${label}</text>`,
    ),
    ...renderMarks(marks, { fromMs, toMs, x, top, bottom }),
    ...(limit ? [renderLimit(limit, y(limit.value))] : []),
    ...shown.flatMap((each, index) => renderSeries(each, styleOf(index, each), x, y)),
    ...(values.length === 0
      ? [
          `<text x="${WIDTH / 2}" y="${top + PLOT_HEIGHT / 2}" text-anchor="middle">no data in this period</text>`,
        ]
      : renderMoments(shown, { fromMs, toMs, unit, x, top })),
  ]
  const name = escapeHtml(title)
  return `<svg xmlns="http://www.w3.org/2000/svg" class="time-plot" viewBox="0 0 ${WIDTH} ${bottom + BOTTOM}" role="img" aria-label="${name}">
<title>${name}</title>
<desc>${escapeHtml(describe(shown, unit))}</desc>
<style>${PLOT_STYLE}</style>
${parts.join('\n')}
</svg>`
}

function renderSeries(
  { points, name }: PlotSeries,
  style: string,
  x: (at: number) => number,
  y: (value: number) => number,
): string[] {
  return withoutGaps(points).map((run) => {
    const [first] = run
    const title = `<title>${escapeHtml(name)}</title>`
    if (first && run.length === 1) {
      return `<circle class="dot ${style}" cx="${px(x(first.at))}" cy="${px(y(first.value))}" r="2.5">${title}</circle>`
    }
    const path = run.map(({ at, value }) => `${px(x(at))},${px(y(value))}`)
    return `<polyline class="line ${style}" points="${path.join(' ')}">${title}</polyline>`
  })
}

function renderLimit({ value, label }: { value: number; label: string }, at: number): string {
  return (
    `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(at)}" y2="${px(at)}"/>` +
    `<text class="limit-label" x="${WIDTH - RIGHT}" y="${px(at - 5)}" text-anchor="end">${escapeHtml(cut(label, 60))} ${shortValue(value)}</text>`
  )
}

/** What the plot shows at each moment, as tooltips. */
function renderMoments(
  series: PlotSeries[],
  {
    fromMs,
    toMs,
    unit,
    x,
    top,
  }: { fromMs: number; toMs: number; unit: string; x(at: number): number; top: number },
): string[] {
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))]
  const count = Math.min(times.length, MAX_MOMENTS)
  const sliceMs = (toMs - fromMs) / count
  const slices = series.map(({ points }) => {
    const last: (PlotPoint | undefined)[] = []
    for (const point of points) last[Math.min(Math.floor((point.at - fromMs) / sliceMs), count - 1)] = point
    return last
  })
  return Array.from({ length: count }, (_, index) => {
    const found = slices.map((slice) => slice[index])
    const at = found.find((point) => point !== undefined)?.at
    if (at === undefined) return ''
    const lines = series.map(({ name }, each) => {
      const value = found[each]?.value
      return `${name}: ${value !== undefined && Number.isFinite(value) ? `${shortValue(value)} ${unit}`.trimEnd() : 'no data'}`
    })
    const [left, right] = [x(fromMs + index * sliceMs), x(fromMs + (index + 1) * sliceMs)]
    return `<rect class="moment" x="${px(left)}" y="${top}" width="${px(right - left)}" height="${PLOT_HEIGHT}"><title>${escapeHtml([timeText(at), ...lines].join('\n'))}</title></rect>`
  }).filter((text) => text !== '')
}

/** The same for people who hear the plot instead of seeing it. */
function describe(series: PlotSeries[], unit: string): string {
  const said = series.map(({ name, points }) => {
    const values = points.map(({ value }) => value).filter(Number.isFinite)
    if (values.length === 0) return `${name}: no data`
    const [least, most, last] = [Math.min(...values), Math.max(...values), values.at(-1) as number].map(
      shortValue,
    )
    const of = unit === '' ? '' : ` ${unit}`
    return `${name}: from ${least} to ${most}${of}, at the end ${last}${of}`
  })
  return said.length === 0 ? 'no data' : said.join('; ')
}

function styleOf(index: number, series: PlotSeries | undefined): string {
  // after the last color they begin again, dashed
  const dashed = series?.dashed === true || index >= SERIES_COLORS.length
  return `${SERIES_COLORS[index % SERIES_COLORS.length]}${dashed ? ' dashed' : ''}`
}

function periodText(fromMs: number, toMs: number): string {
  const [from, to] = [timeText(fromMs).slice(0, 16), timeText(toMs).slice(0, 16)]
  return from.slice(0, 10) === to.slice(0, 10) ? `${from}–${to.slice(11)} UTC` : `${from} – ${to} UTC`
}

function px(value: number): string {
  return String(Number(value.toFixed(1)))
}
