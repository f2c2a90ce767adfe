import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { renderAlerting } from '../alerting/provisioning.ts'
import { buildDashboards, buildObservabilityDashboards } from './dashboards.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** What Grafana reads and this workspace generates: content by file, from the root of the repository. */
export function grafanaFiles(): Record<string, string> {
  const dashboards = [
    ...renderDashboards('dashboards', buildDashboards()),
    ...renderDashboards('dashboards-observability', buildObservabilityDashboards()),
  ]
  const alerting = Object.entries(renderAlerting()).map(
    ([name, content]) => [path('provisioning/alerting', name), content] as const,
  )
  return Object.fromEntries([...dashboards, ...alerting])
}

function renderDashboards(directory: string, dashboards: Record<string, Dashboard>) {
  return Object.entries(dashboards).map(
    ([name, dashboard]) =>
      [path(directory, `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`] as const,
  )
}

export function fromRoot(file: string): string {
  return join(ROOT, file)
}

function path(directory: string, name: string): string {
  return relative(ROOT, join(ROOT, 'monitoring/grafana', directory, name))
}
