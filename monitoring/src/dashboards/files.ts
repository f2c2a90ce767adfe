import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderAlerting } from '../alerting/provisioning.ts'
import { buildDashboards } from './dashboards.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** What Grafana reads and this workspace generates: content by file, from the root of the repository. */
export function grafanaFiles(): Record<string, string> {
  const dashboards = Object.entries(buildDashboards()).map(
    ([name, dashboard]) =>
      [path('dashboards', `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`] as const,
  )
  const alerting = Object.entries(renderAlerting()).map(
    ([name, content]) => [path('provisioning/alerting', name), content] as const,
  )
  return Object.fromEntries([...dashboards, ...alerting])
}

export function fromRoot(file: string): string {
  return join(ROOT, file)
}

function path(directory: string, name: string): string {
  return relative(ROOT, join(ROOT, 'monitoring/grafana', directory, name))
}
