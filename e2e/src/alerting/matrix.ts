import type { Report } from './incident.ts'

/** Which alert told of which incident: `seconds until it fired / until it had resolved`. */
export function markdownMatrix(reports: Report[]): string {
  const names = [...new Set(reports.flatMap(({ alerts }) => [...alerts.keys()]))].sort()
  const rows = reports.map(({ name, alerts }) => [name, ...names.map((alert) => cell(alerts.get(alert)))])
  return markdownTable(['incident', ...names], rows)
}

export function labTable(reports: Report[]): string {
  const what = Object.keys(reports[0]?.lab ?? {})
  const rows = reports.map(({ name, lab }) => [name, ...what.map((key) => shown(lab[key]))])
  return markdownTable(['just before the end of', ...what], rows)
}

export function markdownTable(header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function cell(alert: { firedS: number | undefined; resolvedS: number | undefined } | undefined): string {
  if (!alert) return ''
  if (alert.firedS === undefined) return 'silenced'
  return `${alert.firedS.toFixed(1)} / ${alert.resolvedS?.toFixed(1) ?? 'not awaited'}`
}

function shown(value: number | undefined): string {
  if (value === undefined) return 'nothing'
  return Number.isNaN(value) ? 'NaN' : String(Number(value.toPrecision(3)))
}
