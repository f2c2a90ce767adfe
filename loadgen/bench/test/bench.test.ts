import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CASES, databasesOf, selectCases } from '../src/cases.ts'
import { renderInto } from '../src/document.ts'
import type { Sample } from '../src/measure.ts'
import { describeMachine, type Results, summarize } from '../src/results.ts'
import { forTerminal, tablesOf } from '../src/tables.ts'

const rates = (...perSecond: number[]): Sample[] => perSecond.map((each) => ({ perSecond: each }))

function resultsOf(samples: Record<string, Sample[]>): Results {
  return {
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: 3,
    rounds: 3,
    tookS: 60,
    machine: describeMachine(),
    cases: summarize(selectCases(['list']), new Map(Object.entries(samples))),
    skipped: { 'pgbench-list': 'pgbench is not installed' },
  }
}

test('a ratio compares what was measured in the same round', () => {
  // the machine was slow in the second round
  const { cases } = resultsOf({ hello: rates(1000, 100, 2000), list: rates(200, 20, 400) })
  expect(cases.find(({ name }) => name === 'list')).toMatchObject({ perSecond: 200, ratios: { hello: 0.2 } })
})

test('a case that was not measured leaves no row and no ratio', () => {
  const results = resultsOf({ hello: rates(1000), list: rates(200), proxy: [] })
  expect(results.cases.map(({ name }) => name)).toEqual(['hello', 'list'])
  expect(Object.keys(results.cases[1]?.ratios ?? {})).toEqual(['hello'])
  expect(forTerminal(tablesOf(results))).toContain('pgbench-list  pgbench is not installed')
})

test('the page keeps what is around its marks, however often it is written', () => {
  const page = 'before\n<!-- bench:begin, written by npm run bench -->\nold\n<!-- bench:end -->\nafter\n'
  const results = resultsOf({ hello: rates(1000), list: rates(200) })
  const once = renderInto(page, results)
  expect(once).toMatch(
    /^before\n<!-- bench:begin.*-->\n\nMeasured on 2026-01-02: .*\n\n### Cases\n[\s\S]*<!-- bench:end -->\nafter\n$/,
  )
  expect(once).toContain('| list | GET /events | 32 | 200 |')
  expect(once).not.toContain('old')
  expect(renderInto(once, results)).toBe(once)
  expect(() => renderInto('no marks', results)).toThrow('docs/performance.md has lost its marks')
})

test('what a case is compared with is a case, and comes along', () => {
  const names = new Set(CASES.map(({ name }) => name))
  expect(names.size).toBe(CASES.length)
  for (const { ceilings = [] } of CASES) for (const other of ceilings) expect(names).toContain(other)
  const selected = selectCases(['reserve-1m'])
  expect(selected.map(({ name }) => name)).toEqual(['hello', 'proxy', 'sql-one', 'reserve', 'reserve-1m'])
  expect([...databasesOf(selected)]).toEqual(['quickticket', 'orders_1m'])
})

test.each([
  [['--only', 'fast'], 'bench: --only names "fast"; there are list, one, reserve'],
  [['--rounds', '0'], 'bench: --rounds is "0"; it has to be a number from 1 to 100'],
  [['--fast'], "bench: Unknown option '--fast'; --help shows the usage"],
])('%j is refused in one line', (args, message) => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)])
})
