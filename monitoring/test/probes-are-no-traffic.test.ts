import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVICES } from '@quickticket/contract/services'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertRules } from '../src/alerting/rules.ts'
import { buildDashboards } from '../src/dashboards/dashboards.ts'
import { fromRoot } from '../src/dashboards/files.ts'
import { annotationsOf, targetsOf } from '../src/dashboards/targets.ts'
import { readRunbook, runbookNames } from '../src/runbooks.ts'
import { analysisQueries } from './analysis-queries.ts'
import { selectorsWithHealth } from './request-selectors.ts'

/** Expressions by what they are in, in a way that leads to their place. */
type Expressions = [where: string, expr: string][]

const choices = { services: SERVICES, slos: ['any'], rateInterval: '1m', range: '30m' }

/** It asks which requests left an ERROR line, and a 503 of /health leaves one too. */
const ABOUT_LOG_LINES = 'error-log-rate'

test.each<[string, Expressions]>([
  ['rules of Prometheus', rules()],
  ['alerts of Grafana', alertRules().map(({ title, data: [query] }) => [title, exprOf(query?.model)])],
  ['dashboards', dashboards()],
  ['analysis of a canary', Object.entries(analysisQueries('any'))],
  ['runbooks', runbooks()],
])('/health is no traffic: %s', (_, expressions) => {
  expect(expressions.length).toBeGreaterThan(0)
  const withHealth = expressions.flatMap(([where, expr]) =>
    selectorsWithHealth(expr).map((selector) => `${where}: ${selector}`),
  )
  expect(withHealth).toEqual([])
})

test.each([
  ['sum(rate(gateway_requests_total[5m]))', ['gateway_requests_total']],
  [
    'sum by (path) (rate(events_requests_total{status=~"5.."}[5m]))',
    ['events_requests_total{status=~"5.."}'],
  ],
  [
    'payments_request_duration_seconds_count{method="GET"} offset 1d',
    ['payments_request_duration_seconds_count{method="GET"}'],
  ],
  [
    'rate({__name__=~"(gateway|events)_requests_total", status="499"}[1m])',
    ['{__name__=~"(gateway|events)_requests_total", status="499"}'],
  ],
  [
    'gateway_requests_total{path=~"/events.*|/health"}',
    ['gateway_requests_total{path=~"/events.*|/health"}'],
  ],
  ['a{b="}"} / gateway_requests_total{path!~"/health.+"}', ['gateway_requests_total{path!~"/health.+"}']],
  ['gateway_requests_total{path=~"/events.*|/reserve.*"}', []],
  ['rate({path!="/health", __name__=~"(gateway|events)_requests_total"}[1m])', []],
  ['gateway_requests_total{method="POST", path="/reserve/{id}/pay"}', []],
  ['label_replace(up{job="gateway"}, "a", "gateway_requests_total", "", "")', []],
  ['loadgen_requests_total + prometheus_http_requests_total', []],
])('in %s, those that include /health are found', (expr, selectors) => {
  expect(selectorsWithHealth(expr)).toEqual(selectors)
})

function rules(): Expressions {
  const directory = fromRoot('monitoring/prometheus/rules')
  return readdirSync(directory).flatMap((file) => {
    const { groups } = parse(readFileSync(join(directory, file), 'utf8')) as RuleFile
    return groups.flatMap(({ rules }) =>
      rules.map(({ record, alert, expr }): [string, string] => [`${file} ${record ?? alert}`, expr]),
    )
  })
}

function dashboards(): Expressions {
  return Object.entries(buildDashboards())
    .flatMap(([name, dashboard]) => [
      ...targetsOf(name, dashboard, choices),
      ...annotationsOf(name, dashboard),
    ])
    .map(({ where, expr }) => [where, expr])
}

function runbooks(): Expressions {
  return runbookNames()
    .filter((name) => name !== ABOUT_LOG_LINES)
    .flatMap((name) =>
      [...readRunbook(name).matchAll(/promtool query instant \S+ '([^']+)'/g)].map(
        ([, expr = '']): [string, string] => [name, expr],
      ),
    )
}

function exprOf(model: unknown): string {
  return (model as { expr: string }).expr
}

interface RuleFile {
  groups: { rules: { record?: string; alert?: string; expr: string }[] }[]
}
