import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { burnRates } from '../src/slo/burn-rates.ts'
import { readDeclaration } from '../src/slo/declaration.ts'
import { formatDuration, parseDurationMs } from '../src/slo/duration.ts'
import { MONITORING, sloFiles } from '../src/slo/files.ts'
import { scaleDurations, writeScaled } from '../src/slo/time-scale.ts'

const RULES = join(MONITORING, 'prometheus/rules')
const read = (file: string) => readFileSync(join(MONITORING, file), 'utf8')

test('npm run slo would change nothing', () => {
  const files = sloFiles()
  expect(readdirSync(RULES).filter((file) => file.startsWith('slo-'))).toEqual([...files.keys()].sort())
  for (const [file, text] of files) expect(read(`prometheus/rules/${file}`), file).toBe(text)
})

test('30 days: the burn rates of the SRE Workbook', () => {
  expect(burnRates(parseDurationMs('30d')).map(({ long, factor }) => [long, factor])).toEqual([
    ['1h', 14.4],
    ['6h', 6],
    ['1d', 3],
    ['3d', 1],
  ])
})

test('7 days: the same shares of a smaller budget, and never less than the budget allows', () => {
  expect(burnRates(parseDurationMs('7d')).map(({ long, factor }) => [long, factor])).toEqual([
    ['1h', 3.36],
    ['6h', 1.4],
    ['1d', 1],
    ['3d', 1],
  ])
})

test('what is promised is what the README of the labs says', () => {
  const slo = (name: string) => readDeclaration(read(`slo/${name}.yaml`), name)
  const week = parseDurationMs('7d')
  expect(slo('gateway-availability')).toMatchObject({ objective: 0.995, windowMs: week })
  expect(slo('gateway-latency')).toMatchObject({ objective: 0.95, windowMs: week })
  expect(slo('checkout-availability')).toMatchObject({ objective: 0.99, windowMs: parseDurationMs('30d') })
})

test.each([
  ['target: 0.995', 'target: 99.5', 'spec.objectives[0].target must be between 0 and 1, such as 0.995'],
  ['duration: 7d', 'duration: a week', '"a week" must be a number and one of ms, s, m, h, d, such as 7d'],
  ['bad:', 'evil:', 'ratioMetric must have either good or bad'],
  ['kind: SLO', 'kind: Service', 'kind must be SLO'],
])('a declaration with %s as %s is refused in one line', (right, wrong, message) => {
  const text = read('slo/gateway-availability.yaml').replace(right, wrong)
  expect(() => readDeclaration(text, 'it.yaml')).toThrow(message)
})

test.each([
  ['30s', 30_000],
  ['2500ms', 2500],
  ['90m', 5_400_000],
  ['7d', 604_800_000],
])('%s is %i ms, and back', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
  expect(formatDuration(ms)).toBe(text)
})

test('in another time, expressions differ in their lengths of time only', () => {
  const text = 'for: 5m\nexpr: sum(rate(x[1h] offset 75m)) > 0.5 and on (5m) y{a="5m"}\n'
  expect(scaleDurations(text, 60)).toBe(
    'for: 5s\nexpr: sum(rate(x[1m] offset 75s)) > 0.5 and on (5m) y{a="5m"}\n',
  )
})

test('the whole configuration in another time: same rules, alerts and receivers', () => {
  const scaled = scaledBy(120)
  for (const file of readdirSync(RULES)) {
    const text = scaled(`prometheus/rules/${file}`)
    expect(names(text), file).toEqual(names(read(`prometheus/rules/${file}`)))
    expect(text, file).not.toBe(read(`prometheus/rules/${file}`))
  }
  expect(parse(scaled('prometheus/prometheus.yml')).global.scrape_interval).toBe('1s')
  const { group_wait, group_interval } = parse(scaled('alertmanager/alertmanager.yml')).route
  expect({ group_wait, group_interval }).toEqual({ group_wait: '2s', group_interval: '500ms' })
})

test.each([1, 30, 120])(
  '%i times as fast, a cause still has two scrapes to come before its symptoms',
  (timeScale) => {
    const scaled = scaledBy(timeScale)
    const { scrape_interval } = parse(scaled('prometheus/prometheus.yml')).global
    const { group_wait } = parse(scaled('alertmanager/alertmanager.yml')).route
    expect(parseDurationMs(group_wait)).toBeGreaterThanOrEqual(2 * parseDurationMs(scrape_interval))
  },
)

/** The texts of the whole configuration in another time, by their paths. */
function scaledBy(timeScale: number): (file: string) => string {
  const out = mkdtempSync(join(tmpdir(), 'quickticket-scaled-'))
  onTestFinished(() => rmSync(out, { recursive: true }))
  writeScaled(out, timeScale)
  return (file) => readFileSync(join(out, file), 'utf8')
}

function names(text: string): unknown[] {
  const { groups } = parse(text) as { groups: { name: string; rules: Record<string, unknown>[] }[] }
  return groups.map(({ name, rules }) => [name, rules.map(({ record, alert }) => record ?? alert)])
}
