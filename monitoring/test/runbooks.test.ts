import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fromRoot } from '../src/dashboards/files.ts'
import { readRunbook, runbookNames } from '../src/runbooks.ts'

const HEADINGS = ['What it means', 'How to look', 'Likely causes', 'Fix', 'How to verify', 'Escalation']

const alerts = readdirSync(fromRoot('monitoring/prometheus/rules')).flatMap((file) => {
  const { groups } = parse(
    readFileSync(fromRoot(join('monitoring/prometheus/rules', file)), 'utf8'),
  ) as RuleFile
  return groups.flatMap(({ rules }) => rules.flatMap((rule) => (rule.alert ? [rule as Alert] : [])))
})

test('each alert of Prometheus has a runbook, and each runbook an alert', () => {
  const linked = alerts.map(
    ({ annotations }) => /docs\/runbooks\/([a-z-]+)\.md$/.exec(annotations.runbook_url)?.[1],
  )
  expect(linked.length).toBeGreaterThan(10)
  expect([...new Set(linked)].sort()).toEqual(runbookNames())
})

test('each alert links to a dashboard that exists', () => {
  const uids = readdirSync(fromRoot('monitoring/grafana/dashboards')).map(
    (file) => JSON.parse(readFileSync(fromRoot(join('monitoring/grafana/dashboards', file)), 'utf8')).uid,
  )
  for (const { alert, annotations } of alerts) {
    expect(uids, alert).toContain(annotations.dashboard?.split('d/').at(-1))
  }
})

describe.each(runbookNames())('docs/runbooks/%s.md', (name) => {
  const text = readRunbook(name)

  test('has every heading, in order', () => {
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(HEADINGS)
  })

  test('names its alerts', () => {
    for (const { alert, annotations } of alerts) {
      if (annotations.runbook_url.endsWith(`/${name}.md`)) expect(text).toContain(alert)
    }
  })

  test('confirms each cause with a command', () => {
    const causes = text.split('## Likely causes')[1]?.split('\n## ')[0] ?? ''
    const parts = causes.split(/^### /m).slice(1)
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) expect(part, part.split('\n')[0] as string).toMatch(/^```sh(?: looks)?\n\S/m)
  })

  test('links to pages that are there', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (target.includes('://')) continue
      expect(() => readFileSync(fromRoot(join('docs/runbooks', target))), target).not.toThrow()
    }
  })
})

test('the list has them all', () => {
  const list = readFileSync(fromRoot('docs/runbooks/README.md'), 'utf8')
  for (const name of runbookNames()) expect(list).toContain(`(${name}.md)`)
})

interface Alert {
  alert: string
  annotations: { runbook_url: string; dashboard?: string }
}

interface RuleFile {
  groups: { rules: Partial<Alert>[] }[]
}
