import { describe, expect, test } from 'vitest'
import { escapeHtml } from '../src/plot/escaped.ts'
import { timeTicks, valueTicks } from '../src/plot/ticks.ts'
import { renderTimePlot, type TimePlot } from '../src/plot/time-plot.ts'

const STEP = 15_000
const fromMs = Date.parse('2026-11-28T12:00:00Z')
const toMs = fromMs + 20 * STEP
const HOSTILE = '</title><script>alert("1")</script>&\u0000\u001b'

function plot(values: (number | undefined)[], more: Partial<TimePlot> = {}): string {
  const points = values.flatMap((value, index) =>
    value === undefined ? [] : [{ at: fromMs + index * STEP, value }],
  )
  return renderTimePlot({
    title: 'Failed',
    unit: '%',
    fromMs,
    toMs,
    series: [{ name: 'a', points }],
    ...more,
  })
}

function drawn(svg: string, element: string): number {
  // those of the legend have no title
  return svg.match(new RegExp(`<${element} class="(line|dot) [^>]*><title>`, 'g'))?.length ?? 0
}

describe('a plot over time', () => {
  test('is one line where no value is missing', () => {
    expect(drawn(plot([1, 2, 3, 4, 5]), 'polyline')).toBe(1)
  })

  test('has a gap where values are missing or are no numbers, and a dot for a value alone', () => {
    const svg = plot([1, 2, 3, undefined, 5, 6, Number.NaN, 7, Number.POSITIVE_INFINITY, 8, 9])
    expect(drawn(svg, 'polyline')).toBe(3)
    expect(drawn(svg, 'circle')).toBe(1)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('without any value says so', () => {
    for (const svg of [plot([]), plot([Number.NaN]), plot([], { series: [] })]) {
      expect(svg).toContain('no data in this period')
      expect(svg).not.toMatch(/NaN|Infinity/)
    }
  })

  test('says to people who do not see it what it shows', () => {
    const svg = plot([1, 4, 2])
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]*role="img" aria-label="Failed">/)
    expect(svg).toContain('<title>Failed</title>')
    expect(svg).toContain('<desc>a: from 1 to 4 %, at the end 2 %</desc>')
  })

  test('shows texts of others as text', () => {
    const svg = plot([1, 2], {
      title: HOSTILE,
      unit: HOSTILE,
      series: [{ name: HOSTILE, points: [{ at: fromMs, value: 1 }] }],
      marks: [{ at: fromMs, label: HOSTILE, kind: 'alert' }],
      limit: { value: 1, label: HOSTILE },
    })
    expect(svg).not.toContain('<script')
    expect(svg).not.toMatch(/(?!\n)\p{Cc}/u)
  })

  test('styles nothing but itself when a page embeds it', () => {
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(plot([1])) ?? []
    const selectors = style.replace(/@media [^{]*\{/g, '').match(/[^{}]+(?=\{)/g) ?? []
    expect(selectors.length).toBeGreaterThan(10)
    for (const selector of selectors) expect(selector.trim()).toMatch(/^\.time-plot/)
  })

  test('has a mark only within its time, and a limit that is inside of it', () => {
    const svg = plot([1, 2], {
      marks: [
        { at: fromMs - 60_000, end: fromMs + 60_000, label: 'fault', kind: 'fault' },
        { at: toMs + 1, label: 'later', kind: 'deploy' },
      ],
      limit: 50,
    })
    expect(svg).toContain('class="band"')
    expect(svg).not.toContain('later')
    expect(Number(/class="limit" [^>]*y1="([\d.]+)"/.exec(svg)?.[1])).toBeGreaterThan(30)
  })
})

test.each([
  [
    [0.3, 0.7],
    [0, 0.2, 0.4, 0.6, 0.8],
  ],
  [
    [-3, 9],
    [-5, 0, 5, 10],
  ],
  [[], [0, 0.25, 0.5, 0.75, 1]],
  [[0], [0, 0.25, 0.5, 0.75, 1]],
])('the ticks of %j are round and enclose it', (values, ticks) => {
  expect(valueTicks(values).map((tick) => Number(tick.toPrecision(6)))).toEqual(ticks)
})

test.each([
  [5 * 60_000, '12:01:00'],
  [40 * 60_000, '12:05'],
  [6 * 3_600_000, '13:00'],
  [30 * 86_400_000, '12-03'],
])('the ticks of %d ms are round moments in UTC', (length, label) => {
  const ticks = timeTicks(fromMs, fromMs + length, 12)
  expect(ticks.length).toBeGreaterThanOrEqual(5)
  expect(ticks.length).toBeLessThanOrEqual(12)
  expect(ticks.map((tick) => tick.label)).toContain(label)
})

test('text is escaped for an element and for an attribute', () => {
  expect(escapeHtml(`<a href="x" b='y'>&\u0007ü😀`)).toBe(
    '&#60;a href=&#34;x&#34; b=&#39;y&#39;&#62;&#38; ü😀',
  )
})
