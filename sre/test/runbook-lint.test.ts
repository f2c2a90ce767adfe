import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lint } from '../src/runbook/lint.ts'
import { RUNBOOKS } from '../src/runbook/runbook.ts'
import { FENCE, fence, page, temporaryDirectory } from './runbook-pages.ts'

test('the runbooks of this repository have no fault', () => {
  expect(lint()).toEqual([])
})

const LOOK = '## How to look\n'

test.each<[string, (text: string) => string, RegExp[]]>([
  [
    'front matter is missing',
    (text) => text.replace(/^---\n[\s\S]*?---\n/, ''),
    [/^docs\/runbooks\/target-down\.md:1: it does not begin with front matter/],
  ],
  [
    'an alert is missing',
    (text) => text.replace('[TargetDown]', '[CircuitOpen]'),
    [/:1: alerts: CircuitOpen leads to another page/, /:1: alerts: TargetDown leads here and is missing/],
  ],
  [
    'an alert does not exist',
    (text) => text.replace('[TargetDown]', '[TargetDown, NoSuchAlert]'),
    [/:1: alerts: Prometheus has no alert NoSuchAlert/],
  ],
  [
    'the severity is another one',
    (text) => text.replace('[critical, warning]', '[warning]'),
    [/:1: severity: the alerts are critical, warning/],
  ],
  [
    'a part is missing',
    (text) => text.replace(/## Escalation[\s\S]*$/, ''),
    [/:1: the part "Escalation" is missing/],
  ],
  [
    'parts are in another order',
    (text) => text.replace(/(## How to verify[\s\S]*)(## Escalation[\s\S]*)/, '$2\n$1'),
    [/:1: its parts must be, in this order: What it means, How to look/],
  ],
  [
    'no cause is named',
    (text) => text.replace(/## Likely causes[\s\S]*?(?=\n## Fix)/, '## Likely causes\n'),
    [/:\d+: it names no cause/],
  ],
  [
    'a block is no shell',
    (text) => text.replace(LOOK, `${LOOK}\n${FENCE}sh\nif true; do\n${FENCE}\n`),
    [/:\d+: it is no shell: .*syntax error/],
  ],
  [
    'a step that looks changes something',
    (text) => text.replace(LOOK, `${LOOK}\n${FENCE}sh\ndocker compose restart events\n${FENCE}\n`),
    [/:\d+: "docker compose restart events" changes the system/],
  ],
  [
    'a step is marked in a way that is not known',
    (text) => text.replace(LOOK, `${LOOK}\n${FENCE}sh ofen timeout=soon\ntrue\n${FENCE}\n`),
    [/the mark "ofen" is none of/, /timeout=soon must be as in timeout=90s/],
  ],
  [
    'a fence is never closed',
    (text) => `${text}\n${FENCE}sh\ntrue\n`,
    [/:1: the fence in line \d+ is never closed/],
  ],
])('a copy in which %s has that fault', (_, broken, faults) => {
  const text = readFileSync(join(RUNBOOKS, 'target-down.md'), 'utf8')
  expect(broken(text)).not.toBe(text)
  expect(lintOnly(text)).toEqual([])
  const found = lintOnly(broken(text))
  expect(found).toHaveLength(faults.length)
  for (const [index, fault] of faults.entries()) expect(found[index]).toMatch(fault)
})

test('an alert without a runbook is a fault, and one whose page is not there', () => {
  const [runbooks, rules] = [temporaryDirectory(), temporaryDirectory()]
  const alert = (name: string, annotations: string) =>
    `      - alert: ${name}\n        expr: up\n        annotations: { ${annotations} }\n`
  writeFileSync(
    join(rules, 'new.yml'),
    `groups:\n  - name: new\n    rules:\n${alert('One', 'summary: x')}${alert('Two', 'runbook_url: x/docs/runbooks/two.md')}`,
  )
  expect(lint({ runbooks, rules, allowed: [] })).toEqual([
    'monitoring/prometheus/rules/new.yml: One has no runbook',
    'monitoring/prometheus/rules/new.yml: Two leads to docs/runbooks/two.md, which is not there',
  ])
})

const TWO_FIXES = page({ fix: `### One\n\n${fence('sh', 'true')}\n### Two\n\n${fence('sh', 'true')}` })
const ONE_FIX = page({ fix: fence('sh', 'true') })

test.each([
  [TWO_FIXES, 'target-down/two', []],
  [ONE_FIX, 'target-down', []],
  [ONE_FIX, 'target-up', ['"target-up" is no runbook']],
  [TWO_FIXES, 'target-down', ['"target-down" must be one of target-down/one, target-down/two']],
  [TWO_FIXES, 'target-down/all', ['"target-down/all" must be one of target-down/one, target-down/two']],
  [page(), 'target-down', ['"target-down" has no fix that is a command']],
])('what may change the system by itself is one fix: case %#', (text, entry, faults) => {
  expect(lintOnly(text, [entry])).toEqual(
    faults.map((fault) => `sre/incidents.yaml: allowed_automatic: ${fault}`),
  )
})

test.each([
  'docker compose stop gateway',
  'docker compose --profile notifications up -d notifications',
  'DB_MAX_CONNS=10 docker compose up -d events',
  'docker kill --signal=HUP quickticket-prometheus-1',
  'kubectl set env deployment/payments FAULTS-',
  'kubectl argo rollouts abort gateway',
  'kubectl -n monitoring rollout restart deployment/prometheus',
  'curl -s -X DELETE localhost:8082/faults',
  'docker compose exec redis redis-cli FLUSHDB',
  "docker compose exec postgres psql -U quickticket -c 'select pg_terminate_backend(7)'",
  "docker compose exec postgres psql -U quickticket -c 'update events set sold = 0'",
])('%s is no way to look', (command) => {
  expect(lintOnly(page({ look: fence('sh', 'true') + fence('sh', command) }))).toEqual([
    expect.stringContaining('changes the system'),
  ])
  expect(lintOnly(page({ look: fence('sh looks', command) }))).toEqual([])
})

/** Of the alerts only TargetDown, of the pages only this one. */
function lintOnly(text: string, allowed: string[] = []): string[] {
  const [runbooks, rules] = [temporaryDirectory(), temporaryDirectory()]
  writeFileSync(join(runbooks, 'target-down.md'), text)
  const alerts = ['CircuitOpen', 'TargetDown', 'TargetDown'].map(
    (alert, index) =>
      `      - { alert: ${alert}, labels: { severity: ${index === 1 ? 'critical' : 'warning'} }, annotations: *${alert} }\n`,
  )
  const links = ['CircuitOpen: &CircuitOpen', 'TargetDown: &TargetDown'].map((anchor) => {
    const target = anchor.startsWith('Circuit') ? 'circuit-open' : 'target-down'
    return `  ${anchor} { runbook_url: x/docs/runbooks/${target}.md }\n`
  })
  writeFileSync(join(rules, 'system.yml'), `links:\n${links.join('')}groups:\n  - rules:\n${alerts.join('')}`)
  return lint({ runbooks, rules, allowed }).filter((fault) => !fault.startsWith('monitoring/'))
}
