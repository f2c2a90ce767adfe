import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, test } from 'vitest'
import { buildDashboards } from '../src/dashboards/dashboards.ts'
import { panelsOf } from '../src/dashboards/targets.ts'

/**
 * The worst and the best value that each panel with a verdict may show: red and green. A panel with steps or words that is not in
 * here fails, so that a new one is thought about.
 */
const WORST_AND_BEST: Record<string, [worst: number, best: number]> = {
  'golden-signals / Error Rate': [100, 0],
  'golden-signals / Latency (p50 / p95 / p99)': [10, 0],
  'golden-signals / Saturation (DB connections)': [10, 0],
  'golden-signals / Service Health (up/down)': [0, 1],
  'golden-signals / Availability SLO (99.5 %)': [0, 100],
  'golden-signals / Latency SLO (95 % below 500 ms)': [0, 100],
  'golden-signals / Error budget burn rate': [200, 0],
  'slo / May we release?': [0, 2],
  'slo / Data of the last': [0, 604_800],
  'slo / Objectives: Budget left': [-100, 1],
  'slo / Error budget left': [-100, 1],
  'slo / Burn rate now': [200, 0],
  'slo / At this rate it lasts': [0, 30 * 86_400],
  'slo / Burn rate by window': [200, 0],
  'slo / Error budget left, all SLOs': [-100, 1],
  'slo / Alerts that fire': [1, 0],
  'services / Up': [0, 1],
  'services / Event loop lag': [5, 0],
  'services / CPU': [2, 0],
  'services / Requests that wait for a connection': [50, 0],
  'services / Circuit in front of payments': [2, 0],
  'checkout / Reserve works': [0, 1],
  'checkout / Pay works': [0, 1],
  'checkout / Error budget of checkout': [-100, 1],
  'checkout / Violations, last audit': [7, 0],
  'faults / p99 of the gateway by path': [10, 0],
  'faults / Longest event loop lag': [5, 0],
  'faults / Alerts that fire': [1, 0],
}

/** Neither good nor bad: a fault on purpose is in force or not. */
const NO_VERDICT = ['faults / In force']

type Steps = { value: number | null; color: string }[]

interface Scale {
  steps: Steps
  words: Record<string, { color?: string }>
}

const scales = Object.entries(buildDashboards()).flatMap(([name, dashboard]) =>
  panelsOf(dashboard).flatMap((panel) =>
    scalesOf(panel).map(([title, scale]) => [`${name} / ${title}`, scale] as const),
  ),
)

test('each scale has a worst and a best value, and each of these a scale', () => {
  const named = [...Object.keys(WORST_AND_BEST), ...NO_VERDICT]
  expect(scales.map(([where]) => where).toSorted()).toEqual(named.toSorted())
})

describe.each(scales.filter(([where]) => where in WORST_AND_BEST))('%s', (where, scale) => {
  const [worst, best] = WORST_AND_BEST[where] as [number, number]

  test(`is red at ${worst} and green at ${best}`, () => {
    expect([colorOf(scale, worst), colorOf(scale, best)]).toEqual(['red', 'green'])
  })

  test('never gets better on its way to the worst', () => {
    const rank = (value: number) => ['green', 'yellow', 'red'].indexOf(colorOf(scale, value))
    const way = Array.from({ length: 1001 }, (_, at) => rank(best + ((worst - best) * at) / 1000))
    expect(way).not.toContain(-1)
    expect(way).toEqual(way.toSorted((one, other) => one - other))
  })
})

test('a panel without a verdict is not green: colour alone would be one', () => {
  const plain = Object.values(buildDashboards())
    .flatMap(panelsOf)
    .filter(({ type }) => type === 'stat' || type === 'gauge')
    .filter((panel) => scalesOf(panel).length === 0)
  for (const { title, fieldConfig } of plain)
    expect(fieldConfig?.defaults.thresholds?.steps, title).toEqual([{ value: null, color: 'blue' }])
})

/** What gives colours to values: steps, words, and the steps of single columns. */
function scalesOf({ title = '', fieldConfig }: Panel): [string, Scale][] {
  const { thresholds, mappings = [] } = fieldConfig?.defaults ?? {}
  const steps = (thresholds?.steps ?? []) as Steps
  const words = Object.assign({}, ...mappings.map(({ options }) => options)) as Scale['words']
  const own: [string, Scale][] =
    steps.length > 1 || Object.keys(words).length > 0 ? [[title, { steps, words }]] : []
  const columns = (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
    properties
      .filter(({ id }) => id === 'thresholds')
      .map(({ value }): [string, Scale] => [
        `${title}: ${matcher.options}`,
        { steps: value.steps, words: {} },
      ]),
  )
  return [...own, ...columns]
}

/** As Grafana finds it: a word first, then the last step that is not above the value. */
function colorOf({ steps, words }: Scale, value: number): string {
  if (Object.keys(words).length > 0) return words[Math.trunc(value)]?.color ?? 'none'
  return steps.filter((step) => step.value === null || step.value <= value).at(-1)?.color ?? 'none'
}
