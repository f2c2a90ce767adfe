import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { findTool } from '@quickticket/k8s/tools'
import { type PrometheusServer, prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { type Database, emptyDatabase } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { databaseSamples } from '../src/capacity/database-sample.ts'
import type { Capacity } from '../src/capacity/plan.ts'
import { verb } from '../src/capacity/verb.ts'
import { type Context, createContext, REPOSITORY } from '../src/context.ts'
import { CannotTell, UsageError } from '../src/verb.ts'

const MIB = 2 ** 20
const STEP_S = 60
const DAYS = 2
const NOW_S = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S - 3600
const FROM_S = NOW_S - DAYS * 86_400

// what is planted
const GATEWAY_CPU_PER_REQUEST = 1 / 700
const MEMORY_PER_DAY = 10 * MIB
const LOAD_PER_DAY = 4

const loadAt = (days: number) => 50 + LOAD_PER_DAY * days + 25 * Math.sin(2 * Math.PI * days)
const gatewayCpuAt = (days: number) => 0.02 + GATEWAY_CPU_PER_REQUEST * loadAt(days)
const eventsCpuAt = (days: number) => 0.01 + loadAt(days) / 1200
/** rises in the last seven hours, as on any evening */
const poolAt = (days: number, index: number) => 1 + (index % 3) + (2 * Math.max(days - 1.7, 0)) / 0.3
const memoryAt = (days: number, wobble: number) => 100 * MIB + MEMORY_PER_DAY * days + wobble * MIB

describe.skipIf(!prometheusFrom)('capacity, with a Prometheus (skipped where there is none)', () => {
  let prometheus: PrometheusServer
  let database: Database
  let directory: string
  let context: Context

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'quickticket-capacity-'))
    database = await emptyDatabase()
    await database.client.query(
      'CREATE TABLE orders (id int); INSERT INTO orders SELECT generate_series(1, 10000)',
    )
    await database.client.query('ANALYZE orders')
    prometheus = await startPrometheus({ history: plantedHistory() })
    context = createContext(
      { ...database.variables, PROMETHEUS_URL: prometheus.url, SRE_DATA_DIR: directory },
      { now: () => NOW_S * 1000 },
    )
  })

  afterAll(async () => {
    context?.close()
    await Promise.all([prometheus?.close(), database?.drop()])
    rmSync(directory, { recursive: true, force: true })
  })

  async function capacityWith(values: Record<string, string> = {}) {
    const answer = await verb.run(context, { values, positionals: [] })
    return { ...answer, capacity: answer.json as Capacity }
  }

  const named = (capacity: Capacity, name: string) => {
    const found = capacity.resources.find((one) => one.name === name)
    if (!found) throw new Error(`there is no ${name}`)
    return found
  }

  it('finds what a request costs and how fast memory grows within 5 % of what was planted', async () => {
    const { capacity } = await capacityWith()
    const cpu = named(capacity, 'gateway CPU').againstLoad
    expectWithin(cpu?.perRequest.value, 0.05, GATEWAY_CPU_PER_REQUEST)
    const memory = named(capacity, 'gateway memory').againstTime
    expectWithin(memory?.perDay.value, 0.05, MEMORY_PER_DAY)
    expect(memory?.trend).toBe('rising')
  })

  it('says when the limit of memory is reached, with an interval, and that the answer is no', async () => {
    const { capacity, ok, text } = await capacityWith()
    // the highest of a step is up to 1 MiB above the line
    const sooner = ((256 - 121) / 10) * 86_400_000
    const later = ((256 - 120) / 10) * 86_400_000
    const { at = 0, earliest = 0, latest = 0 } = named(capacity, 'gateway memory').againstTime?.reached ?? {}
    expectWithin(at - NOW_S * 1000, 0.05, later)
    expect(earliest - NOW_S * 1000).toBeLessThan(later)
    expect(latest - NOW_S * 1000).toBeGreaterThan(sooner)
    expect(latest - earliest).toBeLessThan(0.2 * later)
    expect(ok).toBe(false)
    expect(capacity.firstByTime?.name).toBe('gateway memory')
    expect(text).toMatch(/^gateway memory reaches its limit in 13 d/)
  })

  it('says no more than perhaps from less than a day of history', async () => {
    const { capacity, ok, text } = await capacityWith({ window: '8h' })
    expect(capacity.firstByTime).toBeUndefined()
    expect(capacity.perhapsByTime?.name).toBe('events pool')
    expect(ok).toBe(true)
    expect(text).toMatch(
      /^Too little history to say. If it went on like this, events pool would reach its limit in/,
    )
    expect(text).toContain('A line is drawn at most ten times as far as it was seen: 3 d')
  })

  it('is fine with a horizon before that', async () => {
    const { ok, text } = await capacityWith({ horizon: '5d' })
    expect(text).toMatch(/^No limit is expected to be reached within 5 d/)
    expect(ok).toBe(true)
  })

  it('knows from the fits where the knee is, within 20 % of a measured one, which it keeps', async () => {
    const file = join(directory, 'knee.json')
    writeFileSync(file, JSON.stringify(kneeReport(640)))
    const { capacity, text } = await capacityWith({ knee: file })
    expect(capacity.firstByLoad?.name).toBe('gateway CPU')
    expectWithin(capacity.firstByLoad?.at, 0.2, 640)
    expect(capacity.load).toMatchObject({ limit: 640, limitFrom: 'the measured knee' })
    expect(text).toContain('640 requests/s, p99 210 ms')
    const later = await capacityWith()
    expect(later.capacity.knee?.requestsPerSecond).toBe(640)
  })

  it('refuses a file without a knee', async () => {
    const file = join(directory, 'none.json')
    writeFileSync(file, JSON.stringify({ startedAt: new Date().toISOString(), search: { levels: [] } }))
    await expect(capacityWith({ knee: file })).rejects.toThrow(CannotTell)
    await expect(capacityWith({ horizon: 'soon' })).rejects.toThrow(UsageError)
  })

  it('asks PostgreSQL for its sizes, and keeps what it said once in five minutes', async () => {
    const { capacity } = await capacityWith()
    const { rows } = await database.client.query("SELECT pg_total_relation_size('orders')::int AS bytes")
    expect(named(capacity, 'table orders').now).toBe(rows[0].bytes)
    expect(named(capacity, 'database size').now).toBeGreaterThan(rows[0].bytes)
    expect(databaseSamples(context.store, 0)).toHaveLength(1)
    expect(named(capacity, 'database size').timeNote).toMatch(
      /^too little history: \d samples?, a line needs 10$/,
    )
  })

  it('fits the kept sizes once there are enough of them', async () => {
    for (let hour = 24; hour > 0; hour -= 1) {
      const at = NOW_S * 1000 - hour * 3_600_000
      const sample = {
        at,
        databaseBytes: (900 - hour) * MIB,
        tableBytes: {},
        connections: 3,
        maxConnections: 100,
      }
      context.store.run(
        "INSERT INTO evidence (kind, at, data) VALUES ('database', ?, ?)",
        at,
        JSON.stringify(sample),
      )
    }
    // the real database is far smaller than the planted sizes: without the samples of this moment
    context.store.run("DELETE FROM evidence WHERE kind = 'database' AND at >= ?", NOW_S * 1000)
    const unreachable = createContext(
      { PROMETHEUS_URL: prometheus.url, SRE_DATA_DIR: directory, DB_HOST: '127.0.0.1', DB_PORT: '1' },
      { now: () => NOW_S * 1000 },
    )
    const answer = await verb.run(unreachable, { values: {}, positionals: [] })
    unreachable.close()
    const capacity = answer.json as Capacity
    const size = named(capacity, 'database size')
    expectWithin(size.againstTime?.perDay.value, 0.05, 24 * MIB)
    // 1 GiB, at one MiB an hour from 899 MiB an hour ago
    expectWithin((size.againstTime?.reached.at ?? 0) - NOW_S * 1000, 0.05, 124 * 3_600_000)
    expect(answer.text).toContain('The database does not tell its sizes')
    // 24 MiB a day for 10 days, as history is one day, from 899 MiB, and half as much again
    expect(capacity.disk).toMatchObject({
      present: 1024 * MIB,
      asked: 2048 * MIB,
      costNow: 0.08,
      costAsked: 0.16,
    })
  })

  it('asks for the p95 of CPU and the peak of memory with a margin, and says what that costs', async () => {
    const { capacity } = await capacityWith()
    const gateway = capacity.advice.find(({ service }) => service === 'gateway')
    // the load is above 78.8 for 5 % of the time, which costs 133 millicores
    expectWithin(gateway?.measured?.cpuP95, 0.05, 0.133)
    expect(gateway?.asked).toMatchObject({ cpuLimit: 1, memoryRequest: 160 * MIB, memoryLimit: 256 * MIB })
    // 730 h of 50m at 0.04048 and 128 MiB at 0.004445, the Fargate prices of sre/prices.yaml
    expect(gateway?.costNow).toBeCloseTo(730 * (0.05 * 0.04048 + 0.125 * 0.004445), 6)
    expect(gateway?.costAsked).toBeGreaterThan(gateway?.costNow ?? Infinity)
  })

  it.skipIf(!findTool('kubectl'))(
    'writes a patch that kustomize applies to k8s/base (skipped where there is no kubectl)',
    async () => {
      const patch = join(directory, 'sizes.yaml')
      const { capacity } = await capacityWith({ patch })
      // kustomize takes resources by a relative path only
      const overlay = mkdtempSync(join(realpathSync(tmpdir()), 'quickticket-sizes-'))
      try {
        writeFileSync(join(overlay, 'sizes.yaml'), readFileSync(patch))
        const base = relative(overlay, realpathSync(join(REPOSITORY, 'k8s/base')))
        writeFileSync(
          join(overlay, 'kustomization.yaml'),
          `resources: [${base}]\npatches: [{ path: sizes.yaml }]\n`,
        )
        const rendered = execFileSync(findTool('kubectl') ?? '', ['kustomize', overlay], { encoding: 'utf8' })
        const gateway = parseAllDocuments(rendered)
          .map((one) => one.toJS())
          .find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'gateway')
        const asked = capacity.advice.find(({ service }) => service === 'gateway')?.asked
        const [container] = gateway.spec.template.spec.containers
        expect(gateway.spec.replicas).toBe(asked?.replicas)
        expect(container.resources.requests).toEqual({
          cpu: `${(asked?.cpuRequest ?? 0) * 1000}m`,
          memory: '160Mi',
          'ephemeral-storage': '16Mi',
        })
        expect(container.image).toBe('quickticket-gateway:v1')
      } finally {
        rmSync(overlay, { recursive: true })
      }
    },
  )
})

function plantedHistory(): string {
  const times = Array.from({ length: (DAYS * 86_400) / STEP_S + 1 }, (_, index) => FROM_S + index * STEP_S)
  const daysOf = (at: number) => (at - FROM_S) / 86_400
  const counter = (name: string, labels: string, rate: (days: number) => number) => {
    let total = 0
    return times.map((at) => {
      total += rate(daysOf(at)) * STEP_S
      return `${name}{${labels}} ${total} ${at}`
    })
  }
  const gauge = (name: string, labels: string, value: (days: number, index: number) => number) =>
    times.map((at, index) => `${name}{${labels}} ${value(daysOf(at), index)} ${at}`)
  // no period in common with a day
  const wobble = (index: number) => ((index * 7919) % 101) / 101
  return [
    '# TYPE up gauge',
    ...gauge('up', 'job="gateway",instance="g"', () => 1),
    ...gauge('up', 'job="events",instance="e"', () => 1),
    '# TYPE gateway_requests counter',
    ...counter('gateway_requests_total', 'job="gateway",path="/events"', (days) => 0.8 * loadAt(days)),
    ...counter(
      'gateway_requests_total',
      'job="gateway",path="/reserve/{id}/pay"',
      (days) => 0.2 * loadAt(days),
    ),
    ...counter('gateway_requests_total', 'job="gateway",path="/health"', () => 3),
    '# TYPE process_cpu_seconds counter',
    ...counter('process_cpu_seconds_total', 'job="gateway",instance="g"', gatewayCpuAt),
    ...counter('process_cpu_seconds_total', 'job="events",instance="e"', eventsCpuAt),
    '# TYPE process_resident_memory_bytes gauge',
    ...gauge('process_resident_memory_bytes', 'job="gateway",instance="g"', (days, index) =>
      memoryAt(days, wobble(index)),
    ),
    ...gauge(
      'process_resident_memory_bytes',
      'job="events",instance="e"',
      (_, index) => (90 + wobble(index)) * MIB,
    ),
    '# TYPE events_db_pool_max gauge',
    ...gauge('events_db_pool_max', 'job="events"', () => 10),
    '# TYPE events_db_pool_in_use_max gauge',
    ...gauge('events_db_pool_in_use_max', 'job="events"', poolAt),
  ].join('\n')
}

/** As npm run load -- --until-breaks --json writes it, without what is not read. */
function kneeReport(perSecond: number): object {
  return {
    startedAt: new Date(NOW_S * 1000 - 3_600_000).toISOString(),
    search: {
      unit: 'rps',
      knee: { level: 500, summary: { all: { perSecond, p99Ms: 210 } } },
      beyond: { level: 560, broken: 'p99 1830 ms' },
    },
  }
}

function expectWithin(received: number | undefined, share: number, expected: number): void {
  expect(received).toBeGreaterThan(expected - share * Math.abs(expected))
  expect(received).toBeLessThan(expected + share * Math.abs(expected))
}
