import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { MONITORING } from '../src/slo/files.ts'

interface Alert {
  alert?: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

const ALERTS = readdirSync(join(MONITORING, 'prometheus/rules')).flatMap((file) => {
  const { groups } = parse(readFileSync(join(MONITORING, 'prometheus/rules', file), 'utf8'))
  return (groups as { rules: Alert[] }[]).flatMap(({ rules }) => rules.filter(({ alert }) => alert))
})

test.each(ALERTS.map((alert) => [alert.alert, alert] as const))(
  '%s says what to do',
  (_, { labels, annotations }) => {
    expect(['critical', 'warning']).toContain(labels.severity)
    expect(annotations.summary).toBeTruthy()
    expect(annotations.description).toBeTruthy()
    const runbook = /^\{\{ \$externalLabels\.docs_url \}\}(docs\/runbooks\/.+\.md)$/.exec(
      annotations.runbook_url ?? '',
    )?.[1]
    expect(existsSync(join(MONITORING, '..', runbook ?? 'no runbook'))).toBe(true)
    const dashboard = /\/?d\/(.+)$/.exec(annotations.dashboard ?? '')?.[1]
    expect(uids()).toContain(dashboard)
  },
)

function uids(): string[] {
  const directory = join(MONITORING, 'grafana/dashboards')
  return readdirSync(directory).map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')).uid)
}

describe.each([
  ['Prometheus', 'prom/prometheus:v3.11.2', ['promtool', 'check', 'config'], 'prometheus/prometheus.yml'],
  ['Alertmanager', 'prom/alertmanager:v0.28.1', ['amtool', 'check-config'], 'alertmanager/alertmanager.yml'],
] as const)('%s', (_, image, [program, ...command], file) => {
  const here = spawnSync(program, ['--version']).status === 0
  const inImage = !here && spawnSync('docker', ['image', 'inspect', image]).status === 0

  test.skipIf(!here && !inImage)(
    `takes its configuration (skipped without ${program} or ${image})`,
    { timeout: 60_000 },
    () => {
      const mounted = [
        'run',
        '--rm',
        '--user=0',
        '-v',
        `${MONITORING}:/monitoring:ro`,
        `--entrypoint=${program}`,
        image,
      ]
      const { status, stdout, stderr } = inImage
        ? spawnSync('docker', [...mounted, ...command, `/monitoring/${file}`])
        : spawnSync(program, [...command, join(MONITORING, file)])
      expect(status, `${stdout}${stderr}`).toBe(0)
    },
  )
})
