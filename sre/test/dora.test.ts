import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PrometheusServer, prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { firstScrape } from '../src/capacity/history.ts'
import { type Context, createContext } from '../src/context.ts'
import { failureRateBand, frequencyBand, leadTimeBand, restoreBand } from '../src/dora/bands.ts'
import { abortedRollouts, syncedRevisions } from '../src/dora/cluster.ts'
import type { Dora } from '../src/dora/compute.ts'
import { groupDeploys } from '../src/dora/deployments.ts'
import { findCommit } from '../src/dora/git.ts'
import { medianInterval, shareInterval } from '../src/dora/uncertainty.ts'
import { verb } from '../src/dora/verb.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE - HOUR
const BEGIN = NOW - 3 * DAY

/** When each version runs, in days and for both services: 1.1.0 and 1.3.0 fail, 1.4.0 is a canary that is given up. */
const RUNS: [version: string, from: number, to: number][] = [
  ['1.0.0', 0, 0.5],
  ['1.1.0', 0.5, 0.75],
  ['1.0.0', 0.75, 1],
  ['1.2.0', 1, 1.6],
  ['1.3.0', 1.6, 3],
  ['1.4.0', 2.5, 2.52],
]

describe.skipIf(!prometheusFrom)('dora, with a Prometheus (skipped where there is none)', () => {
  let prometheus: PrometheusServer
  let directory: string
  let repository: string
  let context: Context
  let dora: Dora
  let text: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'quickticket-dora-'))
    repository = join(directory, 'repository')
    plantRepository(repository)
    prometheus = await startPrometheus({ history: plantedHistory() })
    context = createContext(
      { PROMETHEUS_URL: prometheus.url, SRE_DATA_DIR: join(directory, 'store') },
      { now: () => NOW },
    )
    plantIncident({ services: ['events'], begun: 1.7, mitigated: 1.7 + 2 / 24 })
    // of a service that was not deployed, and too long after a deployment
    plantIncident({ services: ['notifications'], begun: 1.1, mitigated: 1.2 })
    plantIncident({ services: ['gateway'], begun: 2.9, mitigated: 2.95 })
    ;({ dora, text } = await doraOf(repository))
  })

  it('finds a history that is younger than a step of the window', async () => {
    const soon = BEGIN + 4 * MINUTE
    const first = await firstScrape(context.prometheus, soon - 90 * DAY, soon)
    expect(Math.abs(first - BEGIN)).toBeLessThanOrEqual(30_000)
  })

  afterAll(async () => {
    context?.close()
    await prometheus?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  async function doraOf(repo: string): Promise<{ dora: Dora; text: string }> {
    const { json, text, ok } = await verb.run(context, { values: { repo }, positionals: [] })
    expect(ok).toBe(true)
    return { dora: json as Dora, text }
  }

  it('counts versions that replaced another one, and neither the first one nor a rollback', () => {
    const found = dora.deployments.map(({ version, rollback, failed }) => [version, rollback, failed])
    expect(found).toEqual([
      ['1.1.0', false, 'rolled back'],
      ['1.0.0', true, undefined],
      ['1.2.0', false, undefined],
      ['1.3.0', false, 'incident'],
      ['1.4.0', false, 'aborted'],
    ])
    expect(dora.deployments[0]?.services.toSorted()).toEqual(['events', 'gateway'])
    expect(Math.abs((dora.deployments[0]?.at ?? 0) - (BEGIN + DAY / 2))).toBeLessThanOrEqual(MINUTE)
  })

  it('counts deployments that were not aborted, and gives no band before two weeks were seen', () => {
    // 1.1.0, 1.2.0, 1.3.0: the canary reached no user for good
    expect(dora.frequency).toMatchObject({ n: 3, band: undefined })
    expect(text).toContain('3 deployments in 3 d; a band needs two weeks')
  })

  it('takes the lead time of each commit from Git', () => {
    // of 1.1.0: 6 h and 30 h; of 1.2.0: 12 h, and what was rolled back, which counts once; of 1.3.0: 10 h
    expect(dora.leadTime).toMatchObject({ n: 4, band: 'elite', interval: undefined })
    expect(Math.abs((dora.leadTime.value ?? 0) - 11 * HOUR)).toBeLessThanOrEqual(2 * MINUTE)
  })

  it('calls a change failed that was rolled back, aborted, or followed by an incident of its service', () => {
    expect(dora.failureRate).toMatchObject({ n: 4, failed: 3, value: 0.75, band: 'low' })
    expect(text).toContain('75 % [30 %–95 %]: 3 of 4 failed')
    expect(text).toContain('INC-0001')
  })

  it('takes the time to restore from the incident, or from the end of what failed', () => {
    // 6 h until 1.0.0 was back, 2 h of the incident, about half an hour of the canary
    expect(dora.restore).toMatchObject({ n: 3, band: 'high' })
    expect(Math.abs((dora.restore.value ?? 0) - 2 * HOUR)).toBeLessThanOrEqual(MINUTE)
    expect(dora.anyIncident.n).toBe(3)
  })

  it('says what is missing: a version without a tag, a directory without Git, less history than asked for', async () => {
    execFileSync('git', ['-C', repository, 'tag', '--delete', '1.2.0'])
    const untagged = await doraOf(repository)
    execFileSync('git', ['-C', repository, 'tag', '1.2.0', 'v1.3.0~1'])
    expect(untagged.text).toContain(`no tag or commit of ${repository} for the versions 1.2.0`)
    const without = await doraOf(directory)
    expect(without.dora.leadTime).toMatchObject({ n: 0, value: undefined, band: undefined })
    expect(without.text).toContain('is no Git repository that git can read: there are no lead times')
    expect(without.text).toContain('Seen: 3 d of the 90d that were asked for')
  })

  function plantIncident(one: { services: string[]; begun: number; mitigated: number }): void {
    const at = (days: number) => BEGIN + Math.round(days * DAY)
    context.store.run(
      `INSERT INTO incidents (title, severity, status, services, begun_at, begun_by, detected_at, mitigated_at, resolved_at)
       VALUES ('planted', 2, 'resolved', ?, ?, 'person', ?, ?, ?)`,
      JSON.stringify(one.services),
      at(one.begun),
      at(one.begun),
      at(one.mitigated),
      at(one.mitigated) + HOUR,
    )
  }
})

test('a version that looks like an option, a range or a search of Git is no commit', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-dora-'))
  plantRepository(directory)
  const head = execFileSync('git', ['-C', directory, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
  expect(await findCommit(directory, `1.9.0-${head.slice(0, 10)}`)).toBe(head)
  expect(await findCommit(directory, '1.3.0')).toBe(head)
  for (const version of ['--all', 'HEAD', 'HEAD~1', '1.0.0..1.1.0', ':/first', '$(id)', '']) {
    expect(await findCommit(directory, version), version).toBeUndefined()
  }
  rmSync(directory, { recursive: true })
})

describe('the cluster', () => {
  const synced = syncedRevisions([
    { metadata: { name: 'quickticket' }, status: { history: [{ revision: 'abc1234', deployedAt: iso(0) }] } },
  ])
  const aborted = abortedRollouts([
    { metadata: { name: 'gateway' }, status: { abort: true, abortedAt: iso(HOUR) } },
    { metadata: { name: 'events' }, status: { abort: false, abortedAt: null } },
  ])

  it('adds a canary that never had a metric as a failed change', () => {
    expect(groupDeploys([], { aborted, synced, missing: [] })).toMatchObject([
      { services: ['gateway'], at: NOW + HOUR, failed: 'aborted', version: 'unknown' },
    ])
  })

  it('says of a deployment that Prometheus saw that it was aborted, and which commit it was', () => {
    const labels = { from: '1.0.0', aborted: 'false' }
    const seen = {
      kind: 'deploy' as const,
      name: '1.1.0',
      service: 'gateway',
      begin: NOW + MINUTE,
      end: undefined,
      labels,
    }
    expect(groupDeploys([seen], { aborted, synced, missing: [] })).toMatchObject([
      { version: '1.1.0', failed: 'aborted', undoneAt: NOW + HOUR, revision: 'abc1234' },
    ])
  })
})

describe('the bands of the report of 2023', () => {
  it('has lead times of a day, a week and a month', () => {
    const lengths = [DAY - 1, DAY, 7 * DAY, 30 * DAY]
    expect(lengths.map(leadTimeBand)).toEqual(['elite', 'high', 'medium', 'low'])
  })

  it('has failure rates of 5, 10 and 15 %', () => {
    expect([0.05, 0.1, 0.15, 0.16].map(failureRateBand)).toEqual(['elite', 'high', 'medium', 'low'])
  })

  it('restores within an hour, a day and a week', () => {
    expect([HOUR - 1, HOUR, DAY, 7 * DAY].map(restoreBand)).toEqual(['elite', 'high', 'medium', 'low'])
  })

  it('counts days of the median week as Four Keys does', () => {
    const period = { fromMs: NOW - 56 * DAY, toMs: NOW }
    const every = (days: number) =>
      Array.from({ length: 56 }, (_, day) => NOW - day * DAY - HOUR).filter((_, day) => day % days === 0)
    expect(frequencyBand(every(2), period)?.band).toBe('elite')
    expect(frequencyBand(every(7), period)?.band).toBe('high')
    expect(frequencyBand(every(28), period)?.band).toBe('medium')
    expect(frequencyBand([], period)?.band).toBe('low')
    expect(frequencyBand(every(1), { fromMs: NOW - 13 * DAY, toMs: NOW })).toBeUndefined()
  })
})

describe('what few deployments can say', () => {
  it('has Wilson’s interval for a share', () => {
    // E. B. Wilson (1927) by hand: 3 of 4
    expect(shareInterval(3, 4)?.low).toBeCloseTo(0.3006, 4)
    expect(shareInterval(3, 4)?.high).toBeCloseTo(0.9544, 4)
    expect(shareInterval(0, 10)?.low).toBe(0)
    expect(shareInterval(0, 0)).toBeUndefined()
  })

  it('has an interval of the median from six values on, and the second and ninth of ten', () => {
    const values = Array.from({ length: 10 }, (_, index) => index + 1)
    expect(medianInterval(values.slice(0, 5))).toBeUndefined()
    expect(medianInterval(values.slice(0, 6))).toEqual({ low: 1, high: 6 })
    expect(medianInterval(values)).toEqual({ low: 2, high: 9 })
  })
})

function plantedHistory(): string {
  const lines = (['gateway', 'events'] as const).flatMap((service) => [
    `# TYPE ${service}_build gauge`,
    ...RUNS.map(([version]) => version)
      .filter((version, index, all) => all.indexOf(version) === index)
      .flatMap((version) =>
        RUNS.filter(([name]) => name === version).flatMap(([, from, to]) =>
          minutes(from, to).map(
            (at) => `${service}_build_info{job="${service}",version="${version}"} 1 ${at}`,
          ),
        ),
      ),
  ])
  const up = minutes(0, 3).map((at) => `up{job="gateway"} 1 ${at}`)
  return [...lines, '# TYPE up gauge', ...up].join('\n')
}

/** The seconds of each minute from one day up to another one. */
function minutes(from: number, to: number): number[] {
  const count = Math.round((to - from) * 24 * 60)
  return Array.from({ length: count }, (_, index) => (BEGIN + from * DAY + index * MINUTE) / 1000)
}

/** Tags with and without a v, and commits some hours before their versions run. */
function plantRepository(directory: string): void {
  execFileSync('git', ['init', '--quiet', directory])
  commit(-2 * DAY, 'first', 'v1.0.0')
  commit(DAY / 2 - 30 * HOUR, 'second')
  commit(DAY / 2 - 6 * HOUR, 'third', 'v1.1.0')
  commit(DAY - 12 * HOUR, 'fourth', '1.2.0')
  commit(1.6 * DAY - 10 * HOUR, 'fifth', 'v1.3.0')

  function commit(after: number, message: string, tag?: string): void {
    const date = new Date(BEGIN + after).toISOString()
    const env = {
      ...process.env,
      GIT_AUTHOR_NAME: 'test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_COMMITTER_NAME: 'test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
      GIT_COMMITTER_DATE: date,
    }
    const git = ['-C', directory, '-c', 'commit.gpgsign=false']
    execFileSync(
      'git',
      [...git, 'commit', '--quiet', '--allow-empty', '--date', date, '--message', message],
      { env },
    )
    if (tag) execFileSync('git', [...git, 'tag', tag], { env })
  }
}

function iso(afterMs: number): string {
  return new Date(NOW + afterMs).toISOString()
}
