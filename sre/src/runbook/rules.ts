import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MONITORING } from '@quickticket/monitoring/slo/files'
import { parse } from 'yaml'

/** An alert of Prometheus, as its rules declare it. */
export interface AlertRule {
  alert: string
  severity: string
  /** the page that its `runbook_url` leads to; undefined: none */
  runbook: string | undefined
  file: string
}

const RULES = join(MONITORING, 'prometheus/rules')

export function readAlertRules(directory = RULES): AlertRule[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yml'))
    .flatMap((file) => {
      const { groups } = parse(readFileSync(join(directory, file), 'utf8')) as RuleFile
      return groups.flatMap(({ rules }) =>
        rules.flatMap(({ alert, labels, annotations }) => {
          if (alert === undefined) return []
          const runbook = /docs\/runbooks\/([a-z0-9-]+)\.md$/.exec(annotations?.runbook_url ?? '')?.[1]
          return [{ alert, severity: labels?.severity ?? '', runbook, file }]
        }),
      )
    })
}

interface RuleFile {
  groups: {
    rules: { alert?: string; labels?: Record<string, string>; annotations?: Record<string, string> }[]
  }[]
}
