import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { complaintsAbout, promtool } from '@quickticket/testing/promtool'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { contactPoint, notificationPolicy } from '../src/alerting/notifications.ts'
import { alertRules } from '../src/alerting/rules.ts'
import { fromRoot } from '../src/dashboards/files.ts'
import { PROMETHEUS } from '../src/dashboards/sources.ts'
import { knownMetrics, metricsIn } from './metric-names.ts'

const PROVISIONING = 'monitoring/grafana/provisioning'

test('every file says its version, and Compose mounts where they point to', () => {
  const files = ['datasources', 'dashboards', 'alerting'].flatMap((directory) =>
    readdirSync(fromRoot(join(PROVISIONING, directory))).map((file) => join(directory, file)),
  )
  for (const file of files) expect(read(file), file).toMatchObject({ apiVersion: 1 })
  const { services } = parse(readFileSync(fromRoot('docker-compose.monitoring.yaml'), 'utf8'))
  const [provider] = read('dashboards/quickticket.yaml').providers
  expect(services.grafana.volumes).toContain(`./monitoring/grafana/dashboards:${provider.options.path}:ro`)
  expect(services.grafana.volumes).toContain(`./${PROVISIONING}:/etc/grafana/alerting-true:ro`)
})

test('the data source is the one that dashboards and rules name, and scrapes as often as it believes', () => {
  const [prometheus] = read('datasources/prometheus.yaml').datasources
  expect(prometheus).toMatchObject({ ...PROMETHEUS, isDefault: true, url: 'http://prometheus:9090' })
  const config = parse(readFileSync(fromRoot('monitoring/prometheus/prometheus.yml'), 'utf8'))
  expect(prometheus.jsonData.timeInterval).toBe(config.global.scrape_interval)
})

test('the two rules of lab 6 have its names, thresholds and labels', () => {
  const rules = alertRules().map(({ title, for: pending, labels, data }) => ({
    title,
    pending,
    labels,
    above: thresholdOf(data[2]?.model),
  }))
  expect(rules).toEqual([
    {
      title: 'QuickTicket High Error Rate',
      pending: '2m',
      labels: { severity: 'critical' },
      above: { type: 'gt', params: [5] },
    },
    {
      title: 'QuickTicket SLO Burn Rate',
      pending: '5m',
      labels: { severity: 'warning' },
      above: { type: 'gt', params: [6] },
    },
  ])
})

test('a rule asks the data source, reduces, compares; silence is fine, a broken query is not', () => {
  for (const rule of alertRules()) {
    expect(rule.data.map(({ datasourceUid }) => datasourceUid)).toEqual([
      PROMETHEUS.uid,
      '__expr__',
      '__expr__',
    ])
    expect(rule).toMatchObject({ condition: 'C', noDataState: 'OK', execErrState: 'Error' })
    expect(rule.data).toMatchObject([
      { refId: 'A', model: { refId: 'A', instant: true } },
      { refId: 'B', model: { refId: 'B', type: 'reduce', expression: 'A' } },
      { refId: 'C', model: { refId: 'C', type: 'threshold', expression: 'B' } },
    ])
  }
})

test('what the rules ask is PromQL over metrics that exist', async ({ skip }) => {
  const asked = Object.fromEntries(
    alertRules().map(({ title, data }) => [title, expressionOf(data[0]?.model)]),
  )
  const known = await knownMetrics()
  expect(
    Object.values(asked)
      .flatMap(metricsIn)
      .filter((metric) => !known.has(metric)),
  ).toEqual([])
  skip(!promtool, 'there is neither promtool nor the image of Prometheus here')
  expect(complaintsAbout(asked)).toBeUndefined()
})

test('alerts go to quickticket-alerts, whose address Compose always gives', () => {
  expect(notificationPolicy()).toEqual({
    receiver: 'quickticket-alerts',
    group_by: ['alertname'],
    group_wait: '30s',
    group_interval: '5m',
    repeat_interval: '5m',
  })
  expect(contactPoint()).toMatchObject({ name: 'quickticket-alerts', type: 'webhook' })
  const variable = /^\$\{(\w+)\}$/.exec(contactPoint().settings.url)?.[1] as string
  const { services } = parse(readFileSync(fromRoot('docker-compose.monitoring.yaml'), 'utf8'))
  // an empty one stops Grafana at its start
  expect(services.grafana.environment[variable]).toMatch(/:-http.+\}$/)
})

test('by default alerts go to a service that is started with Alertmanager, and their links lead to its runbooks', () => {
  const { services, configs } = parse(readFileSync(fromRoot('docker-compose.monitoring.yaml'), 'utf8'))
  const receiver = services['alert-receiver']
  const { PORT } = receiver.environment
  const byDefault = `\${ALERT_WEBHOOK_URL:-http://alert-receiver:${PORT}/}`
  expect(configs['alert-webhook-url'].content).toBe(byDefault)
  expect(services.grafana.environment.ALERT_WEBHOOK_URL).toBe(byDefault)
  expect(services.alertmanager.depends_on).toContain('alert-receiver')

  const published = `\${ALERT_RECEIVER_PORT:-${PORT}}`
  expect(receiver.ports).toEqual([`127.0.0.1:${published}:${PORT}`])
  expect(services.prometheus.environment.DOCS_URL).toBe(`\${DOCS_URL:-http://localhost:${published}/}`)
  // the program, what makes it a module, and the pages, where it looks for them
  const mounts = (receiver.volumes as string[]).map((volume) => volume.split(':'))
  for (const [from, to, mode] of mounts) {
    expect(existsSync(fromRoot(from as string)), from).toBe(true)
    expect([to, mode]).toEqual([from?.replace('./', '/quickticket/'), 'ro'])
  }
  expect(receiver.command).toEqual(['node', '/quickticket/monitoring/receiver/main.ts'])
})

test('a message of Grafana has an address of its runbook that leads somewhere outside of Grafana', () => {
  for (const { annotations } of alertRules())
    expect(annotations?.runbook_url).toMatch(
      /^\{\{ externalURL \}\}d\/quickticket-runbooks\?viewPanel=panel-\d+$/,
    )
  expect(
    parse(readFileSync(fromRoot('docker-compose.monitoring.yaml'), 'utf8')).services.grafana.environment,
  ).toHaveProperty('GF_SERVER_ROOT_URL')
})

function read(file: string) {
  return parse(readFileSync(fromRoot(join(PROVISIONING, file)), 'utf8'))
}

function expressionOf(model: unknown): string {
  return (model as { expr: string }).expr
}

function thresholdOf(model: unknown): object | undefined {
  return (model as { conditions: { evaluator: object }[] }).conditions[0]?.evaluator
}
