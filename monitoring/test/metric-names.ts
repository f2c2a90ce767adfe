import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openAllServices } from '@quickticket/testing/all-services'
import { parse } from 'yaml'

const RULES = fileURLToPath(new URL('../prometheus/rules', import.meta.url))
/** What Prometheus itself says of targets and alerts. */
const OF_PROMETHEUS = ['up', 'ALERTS']

/** The variables of services that have all of their metrics. The collector does not exist: spans are lost, and counted. */
export const TRACED = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  OTEL_EXPORTER_OTLP_TIMEOUT: '1',
  AUDIT_INTERVAL_S: '3600',
}

/** Every name that a query may use: what the services expose, what rules record, what Prometheus adds. */
export async function knownMetrics(): Promise<Set<string>> {
  return new Set([...(await exposedMetrics()), ...recordedSeries(), ...OF_PROMETHEUS])
}

/** The names in a query. A regular expression over all services is taken for one name of each. */
export function metricsIn(expr: string): string[] {
  const byPattern = [...expr.matchAll(/__name__=~"\(([^)]+)\)_(\w+)"/g)].flatMap(
    ([, services = '', metric]) => services.split('|').map((service) => `${service}_${metric}`),
  )
  const bare = expr
    .replaceAll(/"(?:\\.|[^"\\])*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replaceAll(/\boffset\s+\w+/g, '')
    .replaceAll(/\b(?:or|and|unless|bool)\b/g, '')
  const byName = [...bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])/g)].map(
    ([, name]) => name as string,
  )
  return [...byPattern, ...byName]
}

async function exposedMetrics(): Promise<string[]> {
  const { apps, close } = await openAllServices(TRACED)
  const pages = await Promise.all(Object.values(apps).map((app) => app.inject('/metrics')))
  await close()
  return pages.flatMap(({ payload }) => namesIn(payload))
}

function namesIn(page: string): string[] {
  return [...page.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' || type === 'summary'
      ? ['_bucket', '_sum', '_count'].map((ending) => `${name}${ending}`)
      : [name as string],
  )
}

function recordedSeries(): string[] {
  return readdirSync(RULES).flatMap((file) => {
    const { groups } = parse(readFileSync(join(RULES, file), 'utf8')) as RuleFile
    return groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? []))
  })
}

interface RuleFile {
  groups: { rules: { record?: string; alert?: string }[] }[]
}
