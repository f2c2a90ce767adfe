import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@quickticket/testing/free-port'
import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addAction } from '../src/actions/actions.ts'
import { receiveAlerts } from '../src/alerts/receive.ts'
import { type Context, createContext } from '../src/context.ts'
import { assign, report, resolve } from '../src/incident/change.ts'
import { readIncidentRules } from '../src/incident/rules.ts'
import { verb } from '../src/postmortem/verb.ts'
import { findWordingProblems } from '../src/postmortem/wording.ts'
import { UsageError } from '../src/verb.ts'
import { counterLines, gaugeLines } from './planted-history.ts'

const MINUTE = 60_000
const now = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE
const begin = now - 40 * MINUTE
const HOSTILE = 'x | y\n# z <img src=x onerror=alert(1)> [a](javascript:alert(1)) `$(id)` @team &lt;b&gt;'

let directory: string
let context: Context
let progress: string[]

function open(prometheusUrl: string): void {
  directory = mkdtempSync(join(tmpdir(), 'sre-postmortem-'))
  progress = []
  context = createContext(
    { PROMETHEUS_URL: prometheusUrl, SRE_DATA_DIR: directory },
    { now: () => now, progress: (line) => progress.push(line) },
  )
}

function close(): void {
  context.close()
  rmSync(directory, { recursive: true, force: true })
}

/** An alert a minute after the begin, a commander, notes, and a resolution. */
function storeIncident(): void {
  const { store } = context
  const labels = { alertname: 'SLOBurnRatePage', slo: 'checkout-availability', service: HOSTILE }
  receiveAlerts(
    [
      {
        fingerprint: 'a',
        startsAt: begin + MINUTE,
        endsAt: undefined,
        labels,
        annotations: { summary: HOSTILE },
      },
    ],
    { source: 'webhook' },
    { store, rules: readIncidentRules(), now: begin + MINUTE },
  )
  store.run("UPDATE incidents SET begun_at = ?, begun_by = 'fault'", begin)
  assign(store, 1, 'ana', { author: 'ana', now: begin + 3 * MINUTE })
  report(store, 1, { status: 'identified', note: HOSTILE }, { author: 'bo', now: begin + 5 * MINUTE })
  resolve(store, 1, { author: 'ana', now: begin + 20 * MINUTE })
}

function run(positionals: string[], values: Record<string, string> = {}) {
  return verb.run(context, { positionals, values })
}

describe('a postmortem while Prometheus is away', () => {
  beforeEach(async () => {
    // nothing listens there
    open(`http://127.0.0.1:${await freePort()}`)
    storeIncident()
  })
  afterEach(close)

  test('comes nevertheless, and says for each figure what is missing', async () => {
    const { ok, text } = await run(['INC-0001'])
    expect(ok).toBe(true)
    expect(text).toContain('Detected 1 min after it began, by the alert SLOBurnRatePage')
    for (const figure of ['Requests failed', 'Buyers turned away', 'Orders not made', 'Money not made']) {
      expect(text).toMatch(new RegExp(`^\\| ${figure} \\| not known \\| .*Prometheus does not answer`, 'm'))
      expect(text).toMatch(new RegExp(`^- ${figure}: Prometheus does not answer`, 'm'))
    }
    expect(text).toMatch(/^\| Budget of checkout-availability \| not known \|/m)
    expect(text).not.toContain('Prometheus saw no deploy')
  })

  test('shows what others wrote as text: no HTML, no Markdown, no row or account of theirs', async () => {
    const { text } = await run(['INC-0001'])
    expect(text).not.toMatch(/<(?!!-- write: )[a-z/!]/i)
    expect(text).not.toContain('@team')
    expect(text).not.toMatch(/(?<!\\)\]\(javascript:/)
    expect(text).not.toMatch(/^# z/m)
    const rows = text.split('\n').filter((line) => line.startsWith('|'))
    for (const row of rows) expect([3, 4, 7]).toContain(row.match(/(?<!\\)\|/g)?.length)
  })

  test('speaks of roles: the names of people are only in its head and its action items', async () => {
    addAction(
      context.store,
      { incident: 1, text: 'alert earlier', owner: 'Cleo', due: '2026-12-05', priority: 'P1' },
      now,
    )
    const { text } = await run(['INC-0001'])
    expect(text.match(/\bana\b/g)).toHaveLength(1)
    expect(text).not.toMatch(/\bbo\b/)
    expect(text).toMatch(/\| update \| identified → resolved \(commander\) \|/)
    expect(text).toMatch(/^\| 1 \| alert earlier \| Cleo \| 2026-12-05 \| P1 \| /m)
  })

  test('has its timeline in the order of time', async () => {
    const { json } = await run(['INC-0001'])
    const times = (json as { timeline: { at: number }[] }).timeline.map(({ at }) => at)
    expect(times.length).toBeGreaterThan(6)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  test('has the given summary at its place, and warns of words that judge people', async () => {
    const summary = 'The on-call engineer forgot to scale up.'
    const { text } = await run(['INC-0001'], { summary })
    expect(text).toContain(`## Summary\n\n${summary}\n`)
    expect(progress.join('\n')).toContain('forgot to')
  })

  test('of an incident that does not exist is refused', async () => {
    await expect(run(['INC-0002'])).rejects.toThrow(UsageError)
    await expect(run(['../../etc/passwd'])).rejects.toThrow(UsageError)
  })

  test('written to a file has its plots beside it, and its lint lists the places for people', async () => {
    const out = join(directory, 'my report.md')
    const { text } = await run(['1'], { out })
    expect(text).toContain('4 plots beside it')
    const svgs = readdirSync(directory).filter((file) => file.endsWith('.svg'))
    expect(svgs.sort()).toEqual(
      ['failed', 'latency', 'orders', 'requests'].map((name) => `my report-${name}.svg`),
    )
    expect(readFileSync(out, 'utf8')).toContain('](my%20report-failed.svg)')
    await expect(run(['1'], { out })).rejects.toThrow(/people may have written into it/)
    const lint = await run([], { lint: out })
    expect(lint.ok).toBe(false)
    expect(lint.text.split('\n').every((line) => line.includes('this place is still empty'))).toBe(true)
  })
})

describe('the wording of a postmortem', () => {
  test.each([
    'Deploying on a Friday was careless.',
    'It was human error.',
    'The team should have tested it.',
    'She is to blame.',
  ])('%s judges people', (sentence) => {
    expect(findWordingProblems(sentence)).toHaveLength(1)
  })

  test('names a person in prose, but not where an action item has its owner', () => {
    const text =
      '# INC-0001\n\n| Commander | ana |\n\n## Summary\n\nThen Ana restarted it.\n\n## Action items\n\n| ana |'
    expect(findWordingProblems(text, ['ana'])).toEqual([
      { line: 7, text: 'ana', advice: 'it names a person: write the role' },
    ])
  })

  test('is fine when it says what happened', () => {
    expect(
      findWordingProblems('The commander restarted payments, because its page showed 5xx.', ['ana']),
    ).toEqual([])
  })
})

describe.skipIf(!prometheusFrom)('a postmortem with a history, needs Prometheus 3 or its image', () => {
  let server: Awaited<ReturnType<typeof startPrometheus>>
  const plan = { fromMs: now - 110 * MINUTE, toMs: now }
  const during = (at: number) => at > begin && at <= begin + 20 * MINUTE
  const pay = { job: 'gateway', method: 'POST', path: '/reserve/{id}/pay', instance: 'a' }
  const fault = { job: 'payments', fault: 'failure_rate', instance: 'b' }
  const history = [
    '# TYPE up gauge',
    gaugeLines('up', { job: 'gateway', instance: 'a' }, plan, () => 1),
    '# TYPE payments_fault_active gauge',
    gaugeLines('payments_fault_active', fault, plan, (at) => Number(during(at))),
    '# TYPE gateway_requests counter',
    counterLines('gateway_requests_total', { ...pay, status: '200' }, plan, (at) => (during(at) ? 6 : 10)),
    counterLines('gateway_requests_total', { ...pay, status: '503' }, plan, (at) => (during(at) ? 4 : 0)),
  ].join('\n')

  beforeAll(async () => {
    server = await startPrometheus({ history })
  })
  afterEach(close)
  afterAll(() => server?.close())

  test('has the counted requests, the fault in its timeline, and plots with data', async () => {
    open(server.url)
    storeIncident()
    const out = join(directory, 'a.md')
    await run(['INC-0001'], { out })
    const text = readFileSync(out, 'utf8')
    // 80 scrapes of 10 payments, and the one at the begin
    expect(text).toMatch(/^\| Requests failed \| 320 of 800 \(40 %\) \| 320 × 503 \|/m)
    expect(text).toMatch(/\| fault \| payments: fault failure\\_rate is injected \|/)
    expect(text).toMatch(/^- fault failure\\_rate of payments at /m)
    const svg = readFileSync(join(directory, 'a-failed.svg'), 'utf8')
    expect(svg).toContain('<polyline')
    expect(svg).toContain('payments failure_rate')
  })
})
