import { existsSync, readFileSync } from 'node:fs'
import { complaintsAbout, promtool } from '@quickticket/testing/promtool'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { buildDashboards, buildObservabilityDashboards } from '../src/dashboards/dashboards.ts'
import { fromRoot } from '../src/dashboards/files.ts'
import { CHOSEN_SOURCE, JAEGER, LOKI, PROMETHEUS } from '../src/dashboards/sources.ts'
import { panelsOf } from '../src/dashboards/targets.ts'
import { knownMetrics, metricsIn } from './metric-names.ts'

const GRAFANA = 'monitoring/grafana'
const [prometheus, alertmanager, loki, jaeger] = read(
  `${GRAFANA}/observability/datasources/sources.yaml`,
).datasources
const dashboard = buildObservabilityDashboards()['one-request'] ?? expect.fail('there is no such dashboard')
const queries = panelsOf(dashboard).flatMap(({ targets = [] }) => targets as unknown as Query[])

interface Query {
  datasource: object
  expr?: string
  query?: string
  tags?: string
}

test('with traces and logs Grafana has the data sources that it has without, and two more', () => {
  const { datasources } = read(`${GRAFANA}/provisioning/datasources/prometheus.yaml`)
  const { exemplarTraceIdDestinations, ...jsonData } = prometheus.jsonData
  expect([{ ...prometheus, jsonData }, alertmanager]).toEqual(datasources)
  expect(prometheus).toMatchObject(PROMETHEUS)
  expect([loki, jaeger]).toMatchObject([LOKI, JAEGER])
})

test('a point leads to a trace, a trace to log lines and metrics, a line to a trace', () => {
  expect(prometheus.jsonData.exemplarTraceIdDestinations).toMatchObject([
    { name: 'trace_id', datasourceUid: JAEGER.uid },
  ])
  expect(jaeger.jsonData).toMatchObject({
    tracesToLogsV2: {
      datasourceUid: LOKI.uid,
      query: expect.stringContaining('trace_id="$${__trace.traceId}"'),
    },
    tracesToMetrics: { datasourceUid: PROMETHEUS.uid },
  })
  const [beside, inLine, request] = loki.jsonData.derivedFields
  expect([beside, inLine]).toMatchObject([
    { matcherType: 'label', matcherRegex: 'trace_id', datasourceUid: JAEGER.uid },
    { matcherType: 'regex', datasourceUid: JAEGER.uid },
  ])
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const line = JSON.stringify({ level: 'INFO', service: 'gateway', trace_id: id, msg: 'GET /events' })
  expect(new RegExp(inLine.matcherRegex).exec(line)?.[1]).toBe(id)
  expect(request.url).toMatch(`/d/${dashboard.uid}?var-id=`)
})

test('One request asks each source for its id, and the metrics beside it are PromQL over metrics that exist', async ({
  skip,
}) => {
  expect(dashboard.templating?.list?.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['id', 'textbox'],
  ])
  const asked = (source: object) =>
    queries.filter(({ datasource }) => JSON.stringify(datasource) === JSON.stringify(source))
  expect(asked(LOKI)).toMatchObject([{ expr: expect.stringMatching(/trace_id="\$id" or request_id="\$id"/) }])
  expect(asked(JAEGER)).toMatchObject([{ query: '$id' }, { tags: 'quickticket.request_id=$id' }])
  const metrics = [...asked(CHOSEN_SOURCE), ...jaeger.jsonData.tracesToMetrics.queries].map(
    ({ expr, query }) =>
      (expr ?? query).replaceAll('$__rate_interval', '1m').replaceAll('$$__tags', 'job="gateway"'),
  )
  const known = await knownMetrics()
  expect(metrics).toHaveLength(5)
  expect(metrics.flatMap(metricsIn).filter((metric) => !known.has(metric))).toEqual([])
  skip(!promtool, 'there is neither promtool nor the image of Prometheus here')
  expect(
    complaintsAbout(Object.fromEntries(metrics.map((expr, at) => [`query ${at}`, expr]))),
  ).toBeUndefined()
})

test('the panels have places and numbers of their own, and say what they are about', () => {
  const panels = panelsOf(dashboard)
  expect(new Set((dashboard.panels ?? []).map(({ id }) => id)).size).toBe(dashboard.panels?.length)
  for (const { title, description } of panels) expect(description, title).toMatch(/\.$/)
  expect(Object.values(buildDashboards()).map(({ uid }) => uid)).not.toContain(dashboard.uid)
})

test('Compose mounts what Grafana is told to read, and only the file of traces and logs does', () => {
  const { services } = read('docker-compose.observability.yaml')
  const { volumes, environment } = services.grafana
  const mounts = (volumes as string[]).map((volume) => volume.split(':') as [string, string, string])
  for (const [from] of mounts) expect(existsSync(fromRoot(from)), from).toBe(true)
  const targets = mounts.map(([, to]) => to)
  const { providers } = read(`${GRAFANA}/observability/dashboards/quickticket.yaml`)
  const [base] = read(`${GRAFANA}/provisioning/dashboards/quickticket.yaml`).providers
  expect(providers[0]).toEqual(base)
  expect(targets).toContain(providers[1].options.path)
  const [directory] = /^[^$]+/.exec(environment.GF_PATHS_PROVISIONING) ?? []
  expect(
    targets.filter((to) => to.startsWith(`${directory}`)).map((to) => to.replace(`${directory}`, '')),
  ).toEqual([
    ...['true/datasources', 'false/datasources', 'true/dashboards', 'false/dashboards', 'true/alerting'],
  ])
  expect(readFileSync(fromRoot('docker-compose.monitoring.yaml'), 'utf8')).not.toMatch(/observability/)
})

test('Loki has the labels that the collector gives a line as attributes of its resource, and no other', () => {
  const labels = ['service', 'level']
  const { limits_config } = read('monitoring/loki/loki.yaml')
  expect(limits_config.otlp_config.resource_attributes).toEqual({
    ignore_defaults: true,
    attributes_config: [{ action: 'index_label', attributes: labels }],
  })
  expect(limits_config).toMatchObject({ discover_service_name: [], discover_log_levels: false })
  const { receivers, exporters } = read('monitoring/collector/config.yaml')
  const moved = (receivers.file_log.operators as { to?: string }[]).flatMap(({ to }) => to ?? [])
  const attributes = moved.filter((to) => to.startsWith('resource.')).map((to) => to.replace('resource.', ''))
  expect(new Set(attributes)).toEqual(new Set(labels))
  expect(exporters['otlp_http/loki'].headers['VL-Stream-Fields'].split(',')).toEqual(labels)
})

function read(file: string) {
  return parse(readFileSync(fromRoot(file), 'utf8'))
}
