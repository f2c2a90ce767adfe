import { readdirSync, readFileSync } from 'node:fs'
import type { Dashboard, GridPos } from '@grafana/grafana-foundation-sdk/dashboard'
import { SERVICES } from '@quickticket/contract/services'
import { complaintsAbout, promtool } from '@quickticket/testing/promtool'
import { describe, expect, test } from 'vitest'
import { buildDashboards } from '../src/dashboards/dashboards.ts'
import { fromRoot, grafanaFiles } from '../src/dashboards/files.ts'
import { CHOSEN_SOURCE, PROMETHEUS } from '../src/dashboards/sources.ts'
import { annotationsOf, type Choices, panelsOf, targetsOf } from '../src/dashboards/targets.ts'
import { RUNBOOKS_UID, runbookNames } from '../src/runbooks.ts'
import { knownMetrics, metricsIn } from './metric-names.ts'

const dashboards = Object.entries(buildDashboards())
const choices: Choices = {
  services: SERVICES,
  slos: readdirSync(fromRoot('monitoring/slo')).map((file) => file.replace('.yaml', '')),
  rateInterval: '1m',
  range: '30m',
}
const queries = dashboards.flatMap(([name, dashboard]) => [
  ...targetsOf(name, dashboard, choices),
  ...annotationsOf(name, dashboard),
])

test.each(Object.entries(grafanaFiles()))(
  '%s is what the code builds: npm run dashboards',
  (file, content) => {
    expect(readFileSync(fromRoot(file), 'utf8')).toBe(content)
  },
)

test('every dashboard file is one that the code builds', () => {
  const built = Object.keys(grafanaFiles()).map((file) => file.split('/').at(-1))
  for (const directory of ['dashboards', 'provisioning/alerting']) {
    expect(built).toEqual(expect.arrayContaining(readdirSync(fromRoot(`monitoring/grafana/${directory}`))))
  }
})

describe.each(dashboards)('%s', (_name, dashboard) => {
  test('each panel has a number of its own, and a place of its own', () => {
    const ids = (dashboard.panels ?? []).map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
    expect(ids).not.toContain(undefined)
    expect(overlaps(dashboard)).toEqual([])
  })

  test('each panel says what it is about, in which unit, from which source', () => {
    for (const panel of panelsOf(dashboard).filter(({ type }) => type !== 'text')) {
      expect(panel.description, panel.title).toMatch(/\.$/)
      expect(panel.fieldConfig?.defaults.unit, panel.title).toBeTruthy()
      expect(panel.datasource).toEqual(CHOSEN_SOURCE)
      for (const target of panel.targets ?? []) expect(target).toMatchObject({ datasource: CHOSEN_SOURCE })
    }
  })

  test('the source can be chosen, and is by default the one of the provisioning', () => {
    const [source] = dashboard.templating?.list ?? []
    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
    expect(source?.current?.value).toBe(PROMETHEUS.uid)
  })

  test('lines over time have their values in the legend', () => {
    for (const panel of panelsOf(dashboard).filter(({ type }) => type === 'timeseries')) {
      expect(panel.options, panel.title).toMatchObject({
        legend: { displayMode: 'table', calcs: ['mean', 'max', 'lastNotNull'] },
      })
    }
  })

  test('links lead to a dashboard or a runbook that is there, or to the page of reliability', () => {
    const uids = dashboards.map(([, { uid }]) => `/d/${uid}`)
    const pages = runbookNames().map((_, index) => `/d/${RUNBOOKS_UID}?viewPanel=panel-${index + 1}`)
    const links = [dashboard.links, ...panelsOf(dashboard).map(({ links }) => links)].flatMap(
      (some) => some ?? [],
    )
    for (const { url } of links.filter(({ type }) => type === 'link')) {
      expect([...uids, ...pages, 'http://localhost:3090/']).toContain(url)
    }
  })
})

test('uids and titles are unique, and those of lab 3 are the lab’s', () => {
  const uids = dashboards.map(([, { uid }]) => uid)
  expect(uids).toEqual([...new Set(uids)])
  const golden = buildDashboards()['golden-signals'] as Dashboard
  expect(golden).toMatchObject({ uid: 'quickticket-golden-signals', title: 'QuickTicket — Golden Signals' })
  expect(panelsOf(golden).map(({ title }) => title)).toEqual(
    expect.arrayContaining([
      'Request Rate (Traffic)',
      'Error Rate',
      'Service Health (up/down)',
      'Latency (p50 / p95 / p99)',
      'Saturation (DB connections)',
    ]),
  )
  const saturation = panelsOf(golden).find(({ title }) => title?.startsWith('Saturation'))
  expect(saturation).toMatchObject({
    type: 'gauge',
    targets: [{ expr: 'events_db_pool_size' }, { expr: 'events_db_pool_in_use_max' }],
    fieldConfig: {
      defaults: {
        min: 0,
        max: 10,
        thresholds: {
          steps: [{ color: 'green' }, { color: 'yellow', value: 7 }, { color: 'red', value: 9 }],
        },
      },
    },
  })
})

test('Golden Signals has a heatmap, CPU and memory; instances can be chosen there and on Services', () => {
  const { 'golden-signals': golden, services } = buildDashboards()
  const panels = panelsOf(golden as Dashboard)
  expect(panels.map(({ type }) => type)).toContain('heatmap')
  expect(panels.map(({ title }) => title)).toEqual(expect.arrayContaining(['CPU', 'Memory']))
  for (const dashboard of [golden, services] as Dashboard[]) {
    expect(dashboard.templating?.list?.map(({ name }) => name)).toContain('instance')
    const asked = JSON.stringify(panelsOf(dashboard).map(({ targets }) => targets))
    expect(asked).toContain('$instance')
  }
})

test('every query is PromQL', ({ skip }) => {
  skip(!promtool, 'there is neither promtool nor the image of Prometheus here')
  const byPlace = queries.map(({ where, expr }, index) => [`${where} ${index}`, expr] as const)
  expect(complaintsAbout(Object.fromEntries(byPlace))).toBeUndefined()
  // promtool does look at them
  expect(complaintsAbout({ broken: 'sum(rate(x[1m])' })).toMatch(/broken|parse/)
})

test('a metric is found in a query wherever it stands', () => {
  const expr =
    '1 - sum by (le, path) (rate(a_total{path="/x", b=~"c.."}[1m] offset 1d)) / on(d) {__name__=~"(x|y)_z"} or e:f'
  expect(metricsIn(expr)).toEqual(['x_z', 'y_z', 'a_total', 'e:f'])
})

test('every metric that a query names is exposed by a service or recorded by a rule', async () => {
  const known = await knownMetrics()
  const asked = queries.flatMap(({ where, expr }) => metricsIn(expr).map((metric) => ({ where, metric })))
  expect(asked.length).toBeGreaterThan(queries.length)
  expect(asked.filter(({ metric }) => !known.has(metric))).toEqual([])
})

function overlaps(dashboard: Dashboard): string[] {
  const taken = new Map<string, string>()
  return (dashboard.panels ?? []).flatMap(({ title = '', gridPos }) => {
    const clashes = cells(gridPos as GridPos).filter((cell) => taken.has(cell))
    for (const cell of cells(gridPos as GridPos)) taken.set(cell, title)
    return clashes.map((cell) => `${title} at ${cell}`)
  })
}

function cells({ x, y, w, h }: GridPos): string[] {
  expect(x + w).toBeLessThanOrEqual(24)
  return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`)
}
