import type { Point } from './points.ts'

export interface Line {
  name: string
  /** a class of the page's style: its color */
  color: string
  of(point: Point): number | undefined
  dashed?: true
}

export interface Chart {
  title: string
  unit: string
  points: Point[]
  lines: Line[]
  /** filled, each on top of the one before */
  stacked?: Line[]
  scale: 'linear' | 'log'
}

export const WIDTH = 960
export const HEIGHT = 250
const LEFT = 56
const RIGHT = 16
const TOP = 12
const BOTTOM = 30

/** A plot over time as a figure of a page, with its legend. */
export function renderChart(chart: Chart): string {
  const { title, unit, lines, stacked = [] } = chart
  const legend = [...stacked, ...lines].map(
    ({ name, color, dashed }) => `<span><i class="${color}${dashed ? ' dashed' : ''}"></i>${name}</span>`,
  )
  return `<figure><figcaption><b>${title}</b><em>${unit}</em>${legend.join('')}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
${renderPlot(chart)}
</svg></figure>`
}

/** The elements of SVG that make the plot; each moment has what the plot shows then as its tooltip. */
export function renderPlot({ unit, points, lines, stacked = [], scale }: Chart): string {
  const lastS = points.at(-1)?.end ?? 1
  const tops = points.map((point) => stacked.reduce((sum, line) => sum + (line.of(point) ?? 0), 0))
  const values = points.flatMap((point) => lines.map((line) => line.of(point) ?? 0))
  const ticks = scale === 'log' ? logTicks(values) : linearTicks(Math.max(...tops, ...values, 0))
  const [least = 0, most = 1] = [ticks[0], ticks.at(-1)]
  const x = (second: number) => LEFT + (second / lastS) * (WIDTH - LEFT - RIGHT)
  const share = (value: number) =>
    scale === 'linear' ? value / most : Math.log(Math.max(value, least) / least) / Math.log(most / least)
  const y = (value: number) => HEIGHT - BOTTOM - share(value) * (HEIGHT - TOP - BOTTOM)

  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`,
  )
  const seconds = secondTicks(lastS).map(
    (second) =>
      `<text class="tick" x="${x(second).toFixed(1)}" y="${HEIGHT - 10}" text-anchor="middle">${second} s</text>`,
  )
  const below = points.map(() => 0)
  const areas = stacked.map((line) => {
    const lower = points.map(
      (point, index) => `${x(point.second).toFixed(1)},${y(below[index] ?? 0).toFixed(1)}`,
    )
    points.forEach((point, index) => {
      below[index] = (below[index] ?? 0) + (line.of(point) ?? 0)
    })
    const upper = points.map(
      (point, index) => `${x(point.second).toFixed(1)},${y(below[index] ?? 0).toFixed(1)}`,
    )
    return `<polygon class="area ${line.color}" points="${[...upper, ...lower.reverse()].join(' ')}"/>`
  })
  const drawn = lines.map((line) => {
    const path = points
      .filter((point) => line.of(point) !== undefined)
      .map((point) => `${x(point.second).toFixed(1)},${y(line.of(point) as number).toFixed(1)}`)
    return `<polyline class="line ${line.color}${line.dashed ? ' dashed' : ''}" points="${path.join(' ')}"/>`
  })
  const all = [...stacked, ...lines]
  const width = (WIDTH - LEFT - RIGHT) / Math.max(points.length, 1)
  const moments = points.map((point) => {
    const said = all.map((line) => `${line.name} ${short(line.of(point) ?? 0)} ${unit}`).join('\n')
    const left = Math.max(x(point.second) - width / 2, LEFT)
    return `<rect class="moment" x="${left.toFixed(1)}" y="${TOP}" width="${width.toFixed(1)}" height="${HEIGHT - TOP - BOTTOM}"><title>${point.end.toFixed(0)} s\n${said}</title></rect>`
  })
  return [...grid, ...seconds, ...areas, ...drawn, ...moments].join('\n')
}

function linearTicks(most: number): number[] {
  const rough = Math.max(most, 1e-9) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const wanted = most > 0 ? step : 1
  return Array.from(
    { length: Math.max(Math.ceil(most / wanted - 1e-9), 1) + 1 },
    (_, index) => index * wanted,
  )
}

/** Whole powers of ten around all values. */
function logTicks(values: number[]): number[] {
  const positive = values.filter((value) => value > 0)
  const first = Math.floor(Math.log10(Math.min(...positive, 1e9)))
  const last = Math.ceil(Math.log10(Math.max(...positive, 1e-9)))
  if (positive.length === 0) return [1, 10]
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, index) => 10 ** (first + index))
}

function secondTicks(lastS: number): number[] {
  const step =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400].find((each) => lastS / each <= 12) ??
    28_800
  return Array.from({ length: Math.floor(lastS / step) + 1 }, (_, index) => index * step)
}

export function short(value: number): string {
  if (value >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`
  if (value >= 100) return value.toFixed(0)
  return String(Number(value.toPrecision(3)))
}
