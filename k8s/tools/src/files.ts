import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { logsConfig, tracesConfig } from './collector.ts'

const root = join(import.meta.dirname, '../../..')
const monitoring = join(root, 'monitoring')
export const k8s = join(root, 'k8s')

/**
 * Files below k8s/ that are made from monitoring/, by path: Kustomize reads nothing outside its own directory, and
 * `kubectl apply -k` should need no flag.
 */
export async function madeFromMonitoring(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const rules = await filesOf('prometheus/rules', '.yml')
  for (const file of rules) files.set(`components/prometheus/rules/${basename(file)}`, read(file))
  files.set('components/servicemonitors/prometheus-rule.yaml', prometheusRule(rules))
  const alertmanager = read(join(monitoring, 'alertmanager/alertmanager.yml'))
  files.set('components/alertmanager/alertmanager.yml', alertmanager)
  files.set('components/sre/alertmanager.yml', withSre(alertmanager))
  const collector = read(join(monitoring, 'collector/config.yaml'))
  files.set('components/traces/config/collector.yaml', tracesConfig(collector))
  files.set('components/logs/config/collector.yaml', logsConfig(collector))
  files.set('components/logs/config/loki.yaml', read(join(monitoring, 'loki/loki.yaml')))
  for (const file of await filesOf('loki/rules', '.yaml'))
    files.set(`components/logs/rules/${basename(file)}`, read(file))
  for (const directory of ['datasources', 'dashboards'])
    for (const file of await filesOf(`grafana/observability/${directory}`, '.yaml'))
      files.set(`components/grafana-observability/provisioning/${basename(file)}`, read(file))
  for (const directory of ['datasources', 'dashboards', 'alerting'])
    for (const file of await filesOf(`grafana/provisioning/${directory}`, '.yaml'))
      files.set(`components/grafana/provisioning/${basename(file)}`, read(file))
  for (const file of await filesOf('grafana/dashboards', '.json'))
    files.set(`components/grafana/dashboards/${basename(file)}`, await withoutBlanks(file))
  for (const file of await filesOf('grafana/dashboards-observability', '.json'))
    files.set(`components/grafana-observability/dashboards/${basename(file)}`, await withoutBlanks(file))
  return files
}

/** An object may have 256 KiB, with what `kubectl apply` remembers of it. */
async function withoutBlanks(dashboard: string): Promise<string> {
  return `${JSON.stringify(JSON.parse(await readFile(dashboard, 'utf8')))}\n`
}

const WEBHOOK = `      - url_file: /run/alert-webhook-url
        send_resolved: true
`

/** Alerts also go to the program of sre/. */
function withSre(alertmanager: string): string {
  if (!alertmanager.includes(WEBHOOK))
    throw new Error('alertmanager.yml has another webhook than is known here')
  const sre = `      - url: http://sre:3090/alerts
        send_resolved: true
        http_config:
          authorization:
            credentials_file: /run/sre-token/token
`
  return alertmanager.replace(WEBHOOK, WEBHOOK + sre)
}

function prometheusRule(files: string[]): string {
  const groups = files.flatMap((file) => parse(read(file), { merge: true }).groups as unknown[])
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'quickticket', labels: { 'app.kubernetes.io/part-of': 'quickticket' } },
    spec: { groups },
  }
  return `# Made from monitoring/prometheus/rules by npm run k8s: change it there.\n${stringify(rule, { aliasDuplicateObjects: false, lineWidth: 0 })}`
}

async function filesOf(directory: string, extension: string): Promise<string[]> {
  const names = await readdir(join(monitoring, directory))
  return names
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(monitoring, directory, name))
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}
