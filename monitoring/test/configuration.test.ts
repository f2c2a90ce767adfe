import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inShell, promtool } from '@quickticket/testing/promtool'
import { IMAGES } from '@quickticket/testing/versions'
import { expect, test } from 'vitest'
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

test.skipIf(!promtool)('Prometheus takes its configuration (skipped without promtool or its image)', () => {
  const [command, ...args] = inShell(`promtool check config ${join(MONITORING, 'prometheus/prometheus.yml')}`)
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  expect(status, `${stdout}${stderr}`).toBe(0)
})

const amtool = findAmtool()

test.skipIf(!amtool)('Alertmanager takes its configuration (skipped without amtool or its image)', () => {
  const [command = '', ...args] = amtool ?? []
  const file = join(MONITORING, 'alertmanager/alertmanager.yml')
  const { status, stdout, stderr } = spawnSync(command, [...args, 'check-config', file], { encoding: 'utf8' })
  expect(status, `${stdout}${stderr}`).toBe(0)
})

function findAmtool(): string[] | undefined {
  if (spawnSync('amtool', ['--version']).status === 0) return ['amtool']
  const there = spawnSync('docker', ['image', 'inspect', IMAGES.alertmanager]).status === 0
  const mount = `--volume=${MONITORING}:${MONITORING}:ro`
  return there
    ? ['docker', 'run', '--rm', '--user=0', mount, '--entrypoint=amtool', IMAGES.alertmanager]
    : undefined
}
