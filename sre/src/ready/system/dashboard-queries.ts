import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MONITORING } from '@quickticket/monitoring/slo/files'

/** Grafana's own variables, as they are over the last hour. */
const BUILT_IN: Record<string, string> = { __rate_interval: '1m', __range: '1h', __interval: '15s' }

/** The queries of the repository's dashboards that have any, with their variables as they are when a dashboard is opened. */
export function readDashboards(): { name: string; queries: string[] }[] {
  const directory = join(MONITORING, 'grafana/dashboards')
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const { panels, templating } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Dashboard
      const chosen = Object.fromEntries(
        (templating.list ?? []).map(({ name, current, allValue }) => [
          name,
          current?.value === '$__all' ? (allValue ?? '.*') : String(current?.value ?? ''),
        ]),
      )
      const values = { ...BUILT_IN, ...chosen }
      return {
        name: file.replace('.json', ''),
        queries: expressionsOf(panels).map((expr) => insert(values, expr)),
      }
    })
    .filter(({ queries }) => queries.length > 0)
}

function expressionsOf(panels: Panel[]): string[] {
  return panels.flatMap(({ targets = [], panels: inner = [] }) => [
    ...targets.flatMap(({ expr }) => (expr ? [expr] : [])),
    ...expressionsOf(inner),
  ])
}

/** `$name`, `${name}` and `${name:format}`. */
function insert(values: Record<string, string>, expr: string): string {
  return expr.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (all, braced?: string, bare?: string) => {
    return values[braced ?? bare ?? ''] ?? all
  })
}

interface Dashboard {
  panels: Panel[]
  templating: { list?: { name: string; allValue?: string; current?: { value: unknown } }[] }
}

interface Panel {
  targets?: { expr?: string }[]
  panels?: Panel[]
}
