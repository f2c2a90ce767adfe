import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PrometheusServer, prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { addAction } from '../src/actions/actions.ts'
import { createIncident, resolve } from '../src/incident/change.ts'
import { type Review, writeReview } from '../src/review/review.ts'
import { verb } from '../src/review/verb.ts'
import { addToil } from '../src/toil/toil.ts'
import { DAY_MS, MINUTE_MS, ownContext, planted } from './ready-kit.ts'

const now = Date.now()
const over = { maxAgeMs: 30 * DAY_MS }

/** What lab 10 asks for, in its order, and what it is made of. */
const TITLES = [
  'SLO compliance',
  'Load tests',
  'DORA',
  'The three greatest risks',
  'Toil',
  'Gaps in monitoring',
  'Capacity plan',
  'Incidents',
  'Readiness and maturity',
  'Action items',
]

describe('without Prometheus, and with an empty database', () => {
  let review: Promise<Review> | undefined
  const written = () => {
    review ??= writeReview(ownContext(), over)
    return review
  }

  test('the review has all of its sections', async () => {
    const { markdown } = await written()
    const titles = [...markdown.matchAll(/^## \d+\. (.+)$/gm)].map(([, title]) => title)
    expect(titles).toEqual(TITLES)
    expect(markdown).toMatch(/^# QuickTicket: reliability review, \d{4}-\d\d-\d\d$/m)
  })

  test('a section without evidence says what is missing and where it was looked for', async () => {
    const { markdown, sections } = await written()
    expect(sectionOf(markdown, 'Load tests')).toMatch(
      /^Missing: no search for the limit was recorded .*sre\.db\)\.$/,
    )
    expect(sectionOf(markdown, 'Toil')).toMatch(/^Missing: no toil was written down .*sre\.db\)\.$/)
    for (const title of ['DORA', 'Gaps in monitoring', 'Capacity plan']) {
      expect(sectionOf(markdown, title)).toMatch(
        /^Missing: Prometheus does not answer: .*http:\/\/127\.0\.0\.1:9/,
      )
      expect(sections).toContainEqual({ title, isWritten: false })
    }
  })

  test('no figure is made up', async () => {
    const { markdown } = await written()
    const slo = sectionOf(markdown, 'SLO compliance')
    expect(slo).toContain('| gateway-availability | 99.5 % of 7 d | Prometheus does not answer')
    expect(slo.replaceAll(/99(\.5)? % of|95 % of/g, '')).not.toMatch(/\d %/)
    expect(sectionOf(markdown, 'Incidents')).toMatch(/^None is recorded/)
    expect(sectionOf(markdown, 'Action items')).toMatch(/^None is open/)
  })

  test('--out writes the document into a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quickticket-review-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'review.md')
    const { text } = await verb.run(ownContext(), { values: { out: file }, positionals: [] })
    expect(text).toMatch(/review\.md: 10 sections; without evidence: Load tests, DORA, Toil/)
    expect(readFileSync(file, 'utf8')).toContain('## 10. Action items')
  })

  test('a file that cannot be written is named', async () => {
    const values = { out: '/no/such/directory/review.md' }
    await expect(verb.run(ownContext(), { values, positionals: [] })).rejects.toThrow(
      /The review cannot be written: .*looked at \/no\/such\/directory\/review\.md/,
    )
  })
})

describe('with a database', () => {
  test('incidents are listed with their times, and the means of them', async () => {
    const context = ownContext({}, { now: () => now + 60 * MINUTE_MS })
    const begunAt = now - 4 * MINUTE_MS
    const given = { title: 'no sales', severity: 1 as const, services: ['events'], begunAt, commander: 'ada' }
    const { number } = createIncident(context.store, given, { author: 'ada', now })
    resolve(context.store, number, { author: 'ada', now: now + 26 * MINUTE_MS })
    const { markdown } = await writeReview(context, over)
    const section = sectionOf(markdown, 'Incidents')
    expect(section).toContain('| SEV1 | 1 | 1 | 4 min | 0 s | 30 min |')
    expect(section).toMatch(/\| INC-0001 \| SEV1 \| .* \| no sales \| 4 min \| 0 s \| 30 min \|/)
  })

  test('toil is per week and each time, and action items have an owner', async () => {
    const context = ownContext({}, { now: () => now })
    for (const daysAgo of [1, 2, 3]) {
      const entry = { task: 'refill', minutes: 10, author: 'ada', automatable: true }
      addToil(context.store, entry, now - daysAgo * DAY_MS)
    }
    const { number } = createIncident(
      context.store,
      { title: 'x', severity: 2, services: [] },
      { author: 'ada', now },
    )
    const item = {
      incident: number,
      text: 'add a replica',
      owner: 'grace',
      due: '2001-01-01',
      priority: 'P1',
    }
    addAction(context.store, item, now)
    const { markdown } = await writeReview(context, { maxAgeMs: 21 * DAY_MS })
    expect(sectionOf(markdown, 'Toil')).toContain('| refill | 1 | 10 | yes | 42.9 min |')
    expect(sectionOf(markdown, 'Action items')).toContain(
      '| INC-0001 | add a replica | grace | **2001-01-01** | P1 |',
    )
  })

  test('an experiment whose hypothesis did not hold is the first risk, until it holds', async () => {
    const context = ownContext()
    const rehearse = (outcome: string, reason: string) =>
      context.store.run(
        `INSERT INTO experiments (name, file, hypothesis, stamped_at, outcome, data)
         VALUES ('payments-slow', 'payments-slow.yaml', 'Buyers can pay', ?, ?, ?)`,
        now,
        outcome,
        JSON.stringify({ system: 'compose', reasons: [reason] }),
      )
    rehearse('broken', 'orders: 0')
    const first = sectionOf((await writeReview(context, over)).markdown, 'The three greatest risks')
    expect(first).toContain('1. **It is not true that: Buyers can pay**')
    expect(first).toMatch(/the experiment payments-slow was broken at .*: orders: 0$/m)
    rehearse('held', '')
    const then = sectionOf((await writeReview(context, over)).markdown, 'The three greatest risks')
    expect(then).not.toContain('Buyers can pay')
  })

  test('text that others wrote stays text: no row, no link, no HTML comes from it', async () => {
    const context = ownContext()
    const title = '<script>alert(1)</script> | [a](http://x) `b`\n# c'
    createIncident(context.store, { title, severity: 2, services: [] }, { author: 'ada', now })
    const { markdown } = await writeReview(context, over)
    expect(markdown).toContain(
      '&#60;script&#62;alert(1)&#60;/script&#62; \\| \\[a\\](http://x) \\`b\\` \\# c',
    )
    expect(markdown).not.toMatch(/<script|^# c/m)
  })
})

describe.skipIf(!prometheusFrom)('with Prometheus (skipped without Prometheus 3 or its image)', () => {
  let prometheus: PrometheusServer
  let review: Promise<Review> | undefined
  const written = () => {
    review ??= writeReview(ownContext({ PROMETHEUS_URL: prometheus.url }), over)
    return review
  }

  beforeAll(async () => {
    const alert = 'ALERTS{alertname="CircuitOpen",alertstate="firing",severity="warning",service="gateway"}'
    const history = [
      planted('up{job="gateway"}', 1, { from: 120 }),
      planted('payments_fault_active{job="payments",fault="error"}', 1, { from: 100, to: 90 }),
      planted('payments_fault_active{job="payments",fault="error"}', 0, { from: 89, to: 80 }),
      planted(alert, 1, { from: 97, to: 88 }),
      planted('events_fault_active{job="events",fault="latency"}', 1, { from: 60, to: 50 }),
      planted('events_fault_active{job="events",fault="latency"}', 0, { from: 49, to: 40 }),
    ].join('\n')
    prometheus = await startPrometheus({ history })
  })
  afterAll(() => prometheus?.close())

  test('a fault without an alert is a gap, and one with an alert says after how long', async () => {
    const { markdown } = await written()
    const section = sectionOf(markdown, 'Gaps in monitoring')
    expect(section).toMatch(/^1 of 2 injected failures had no alert/)
    // Prometheus is asked every 15 seconds
    expect(section).toMatch(
      /\| payments: error \| .* \| 1[01](\.\d+)? min \| CircuitOpen \| (2\.[5-9]|3)\d* min \|/,
    )
    expect(section).toMatch(/\| events: latency \| .* \| 1[01](\.\d+)? min \| none \| {2}\|/)
  })

  test('what fails is a risk with its evidence and its end', async () => {
    const { markdown } = await written()
    const section = sectionOf(markdown, 'The three greatest risks')
    expect(section.match(/^\d\. \*\*/gm)).toHaveLength(3)
    expect(section.match(/Why it is one: .+\n {3}- What ends it: .+/g)).toHaveLength(3)
    expect(section).toContain('rules-loaded: ')
  })
})

function sectionOf(markdown: string, title: string): string {
  const [, rest = ''] = markdown.split(new RegExp(`^## \\d+\\. ${title}\n\n`, 'm'))
  return (rest.split(/^## /m)[0] ?? '').trim()
}
