import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDurationMs } from '@quickticket/monitoring/slo/duration'
import { MONITORING } from '@quickticket/monitoring/slo/files'
import { parse } from 'yaml'
import type { LoadedRule } from './loaded-rules.ts'

/** Where the repository declares the rules of Prometheus. */
const RULES = join(MONITORING, 'prometheus/rules')

/** The rules of the repository's files. */
export function readDeclaredRules(directory = RULES): LoadedRule[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yml'))
    .sort()
    .flatMap((file) => (parse(readFileSync(join(directory, file), 'utf8')) as { groups: Group[] }).groups)
    .flatMap(({ name: group, rules }) =>
      rules.map((rule) => ({
        group,
        name: rule.alert ?? rule.record ?? '',
        isAlert: rule.alert !== undefined,
        expr: String(rule.expr),
        forS: parseDurationMs(rule.for ?? '0s') / 1000,
        keepFiringForS: parseDurationMs(rule.keep_firing_for ?? '0s') / 1000,
        labels: texts(rule.labels),
        annotations: texts(rule.annotations),
      })),
    )
}

function texts(values: Record<string, unknown> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]))
}

interface Group {
  name: string
  rules: {
    alert?: string
    record?: string
    expr: string | number
    for?: string
    keep_firing_for?: string
    labels?: Record<string, unknown>
    annotations?: Record<string, unknown>
  }[]
}
