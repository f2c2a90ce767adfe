import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findFix, fixesOf, stepsFor } from '../src/runbook/choose.ts'
import { readFrontMatter } from '../src/runbook/front-matter.ts'
import { readRunbook, runbooksByAlert } from '../src/runbook/runbook.ts'
import { readSteps } from '../src/runbook/steps.ts'
import { fence, page, temporaryDirectory } from './runbook-pages.ts'

describe('the steps of a page', () => {
  test('look in all parts, and change something in Fix', () => {
    const steps = readSteps(page({ fix: `### It was stopped\n\n${fence('sh', 'start')}` }))
    expect(steps.map(({ script, part, about, changes }) => [script, part, about, changes])).toEqual([
      ['echo looking', 'How to look', undefined, false],
      ['echo cause', 'Likely causes', 'It was stopped', false],
      ['start', 'Fix', 'It was stopped', true],
      ['echo verified', 'How to verify', undefined, false],
    ])
  })

  test('go on when one that looks fails; a change and the verification must succeed', () => {
    const steps = readSteps(page({ fix: fence('sh', 'start') + fence('sh continue', 'clean up') }))
    expect(steps.map(({ script, continues }) => [script, continues])).toEqual([
      ['echo looking', true],
      ['echo cause', true],
      ['start', false],
      ['clean up', true],
      ['echo verified', false],
    ])
  })

  test('have marks in their fence: what they do, and a time-out of their own', () => {
    const steps = readSteps(page({ fix: fence('sh looks', 'a') + fence('sh cluster timeout=90s', 'b') }))
    expect(steps.slice(2, 4)).toMatchObject([
      { script: 'a', changes: false, timeoutMs: 60_000 },
      { script: 'b', changes: true, timeoutMs: 90_000, runs: 'on a cluster' },
    ])
  })
})

describe('for a system', () => {
  const look = fence('sh', 'docker compose ps') + fence('sh cluster', 'kubectl get pods')
  const causes = `### One\n\n${fence('sh', "docker exec quickticket-prometheus-1 promtool query instant http://localhost:9090 'up'")}`
  const fix = `### One\n\n${fence('sh', 'docker compose up -d')}`
  const scripts = (system: 'compose' | 'cluster', verify: string) => {
    const directory = temporaryDirectory()
    writeFileSync(
      join(directory, 'README.md'),
      fence('sh cluster', 'kubectl port-forward svc/gateway 3080 &'),
    )
    writeFileSync(join(directory, 'target-down.md'), page({ look, causes, fix, verify }))
    return stepsFor(readRunbook('target-down', directory), system, directory).map(({ script }) => script)
  }

  test('Compose has the blocks without a mark', () => {
    expect(scripts('compose', fence('sh', 'true'))[0]).toBe('docker compose ps')
    expect(scripts('compose', fence('sh', 'true'))).not.toContain('kubectl get pods')
  })

  test('a cluster has its own blocks, and asks its own Prometheus', () => {
    expect(scripts('cluster', fence('sh', 'docker compose ps'))).toEqual([
      'kubectl get pods',
      "kubectl -n monitoring exec deployment/prometheus -- promtool query instant http://localhost:9090 'up'",
    ])
  })

  test('a cluster has its ports forwarded first, where an address of this machine is asked', () => {
    const all = scripts('cluster', fence('sh', 'curl -s http://localhost:3080/health'))
    expect(all[0]).toBe('kubectl port-forward svc/gateway 3080 &')
    expect(all.at(-1)).toBe('curl -s http://localhost:3080/health')
  })
})

test('a fix is found by words of its heading', () => {
  const fix = `### It was stopped\n\n${fence('sh', 'a')}\n### It hangs\n\n${fence('sh', 'b')}`
  const fixes = fixesOf(readSteps(page({ fix })))
  expect(fixes).toEqual(['It was stopped', 'It hangs'])
  expect(findFix(fixes, 'hangs')).toBe('It hangs')
  expect(findFix(fixes, 'it-was-stopped')).toBe('It was stopped')
  expect(() => findFix(fixes, 'it')).toThrow('must be one of "it-was-stopped", "it-hangs"')
  expect(() => findFix(fixes, 'other')).toThrow('must be one of')
})

test('an alert leads to the page that names it, however wrong another page is', () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'a-wrong-one.md'), '# No front matter\n')
  writeFileSync(join(directory, 'target-down.md'), page())
  expect(runbooksByAlert(directory).get('TargetDown')?.name).toBe('target-down')
  expect(runbooksByAlert(directory).get('Other')).toBeUndefined()
  expect(() => readRunbook('a-wrong-one', directory)).toThrow('does not begin with front matter')
})

test.each([
  ['# Title', 'does not begin with front matter'],
  ['---\nalerts: [A]\nseverity: [critical]\ntime_limit: 5m\n---\n', 'auto is missing'],
  [
    '---\nalerts: [A]\nseverity: [critical]\ntime_limit: 5m\nauto: yes please\n---\n',
    'auto must be true or false',
  ],
  ['---\nalerts: A\nseverity: [critical]\ntime_limit: 5m\nauto: true\n---\n', 'alerts must be a list'],
  [
    '---\nalerts: [A]\nseverity: [bad]\ntime_limit: 5m\nauto: true\n---\n',
    'severity must be a list of critical',
  ],
  ['---\nalerts: [A]\nseverity: [critical]\ntime_limit: 5\nauto: true\n---\n', 'time_limit must be a length'],
  ['---\nalerts: [A]\nseverity: [critical]\ntime_limit: 5m\nauto: true\nowner: x\n---\n', 'owner is none of'],
  ['---\n- a\n---\n', 'its front matter has no fields'],
])('%j is refused: %s', (markdown, message) => {
  expect(() => readFrontMatter(markdown)).toThrow(message)
})
