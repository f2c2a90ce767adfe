import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { dataquery } from '@grafana/grafana-foundation-sdk/loki'
import { parser } from '@grafana/lezer-logql'
import { SERVICES } from '@quickticket/contract/services'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { buildObservabilityDashboards } from '../src/dashboards/dashboards.ts'
import { fromRoot } from '../src/dashboards/files.ts'
import { LOKI } from '../src/dashboards/sources.ts'
import { panelsOf } from '../src/dashboards/targets.ts'
import { runbookNames } from '../src/runbooks.ts'

const RULES = 'monitoring/loki/rules'
const SOURCES = 'monitoring/grafana/observability/datasources/sources.yaml'

interface Source {
  name: string
  jsonData: { tracesToLogsV2?: { query: string } }
}

interface Rule {
  record: string
  expr: string
}

const rules: Rule[] = readdirSync(fromRoot(RULES)).flatMap((file) => {
  const { groups } = parse(readFileSync(fromRoot(join(RULES, file)), 'utf8'))
  return (groups as { rules: Rule[] }[]).flatMap((group) => group.rules)
})

test.each([
  ...rules.map(({ record, expr }) => [record, expr]),
  ...ofDashboards(),
  ...ofTraces(),
  ...ofPages(),
])('%s is LogQL', (_, expr) => {
  expect(mistakesIn(expr as string)).toEqual([])
})

test('a query that is no LogQL is found', () => {
  expect(mistakesIn('sum by (service) rate({level="ERROR"}[5m])')).not.toEqual([])
})

test('errors by message are of the services, the level and the time that ErrorLogRate counts', () => {
  const recorded = rules.find(({ record }) => record === 'errors:by_message:rate5m')?.expr ?? ''
  const alert = readFileSync(fromRoot('monitoring/prometheus/rules/system.yml'), 'utf8')
  const counted = /__name__=~"\((.+)\)_log_lines_total",level="(\w+)"\}\[(\w+)\]/.exec(alert)
  const [services, level, time] = counted?.slice(1) ?? []
  expect(services?.split('|')).toEqual(SERVICES)
  expect(recorded).toContain(`{level="${level}", service=~"${services}"}`)
  expect(recorded).toContain(`[${time}]`)
})

test('Prometheus takes what Loki records, and is else the one of docker-compose.monitoring.yaml', () => {
  const command = (file: string): string[] =>
    parse(readFileSync(fromRoot(file), 'utf8'), { merge: true }).services.prometheus.command
  expect(command('docker-compose.observability.yaml')).toEqual([
    ...command('docker-compose.monitoring.yaml'),
    '--web.enable-remote-write-receiver',
  ])
})

function ofDashboards(): [string, string][] {
  return Object.entries(buildObservabilityDashboards()).flatMap(([name, dashboard]) =>
    panelsOf(dashboard)
      .filter(({ datasource }) => datasource?.uid === LOKI.uid)
      .flatMap(({ title, targets = [] }) =>
        (targets as dataquery[]).map(({ expr }): [string, string] => [`${name} / ${title}`, expr]),
      ),
  )
}

/** Of the link from a trace to its lines. */
function ofTraces(): [string, string][] {
  const { datasources } = parse(readFileSync(fromRoot(SOURCES), 'utf8'))
  return (datasources as Source[]).flatMap(({ name, jsonData }): [string, string][] =>
    jsonData.tracesToLogsV2 ? [[`lines of a trace of ${name}`, jsonData.tracesToLogsV2.query]] : [],
  )
}

/** What the runbooks and docs/observability.md have their readers ask; a bar is escaped in a table. */
function ofPages(): [string, string][] {
  const pages = ['docs/observability.md', ...runbookNames().map((name) => `docs/runbooks/${name}.md`)]
  return pages.flatMap((page) =>
    [...readFileSync(fromRoot(page), 'utf8').matchAll(/`(\{service[^`]+)`/g)].map(
      ([, expr = '']): [string, string] => [`${page}: ${expr}`, expr.replaceAll('\\|', '|')],
    ),
  )
}

/** What Grafana's grammar of LogQL does not understand, as the text that follows. */
function mistakesIn(expr: string): string[] {
  const mistakes: string[] = []
  parser.parse(expr).iterate({
    enter({ type, from }) {
      if (type.isError) mistakes.push(expr.slice(from, from + 20))
    },
  })
  return mistakes
}
