import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@quickticket/testing/free-port'
import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Context, createContext, REPOSITORY } from '../src/context.ts'
import { decideGate, type GateAnswer } from '../src/gate/decide.ts'
import { recordOverride } from '../src/gate/override.ts'
import { type Policies, readPolicies } from '../src/gate/policies.ts'
import { gateText } from '../src/gate/text.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const END = Math.floor(Date.now() / MINUTE) * MINUTE
/** seats were sold twice, and an alert fired */
const VIOLATED = END - 2 * HOUR
/** a minute of failed payments is over */
const AFTER_FAILURE = END - HOUR

let dataDir: string
let context: Context
let at: number

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quickticket-gate-'))
  at = END
})
afterEach(() => {
  context.close()
  rmSync(dataDir, { recursive: true })
})

describe.skipIf(!prometheusFrom)('the gate (needs Prometheus 3, or Docker)', () => {
  let url: string
  let close: () => Promise<void>
  beforeAll(async () => {
    ;({ url, close } = await startPrometheus({ history: history() }))
  }, 60_000)
  afterAll(() => close())
  beforeEach(() => {
    context = createContext({ PROMETHEUS_URL: url, SRE_DATA_DIR: dataDir }, { now: () => at })
  })

  test('allows a release when all is well', async () => {
    const answer = await decideGate(context)
    expect(answer).toMatchObject({
      service: 'all',
      allowed: true,
      decision: 'allowed',
      policy: 'conservative',
      actions: [],
    })
    expect(results(answer)).toEqual({
      'budget checkout-availability': 'pass',
      'budget gateway-availability': 'pass',
      'budget gateway-latency': 'pass',
      no_open_incident: 'pass',
      no_failed_restore: 'pass',
      no_invariant_violations: 'pass',
      no_critical_alert: 'pass',
    })
    expect(answer.conditions[0]?.evidence).toMatch(/; Prometheus has seen only .* of it$/)
  })

  test('halts it while seats, orders and money disagree, and names the alert', async () => {
    at = VIOLATED
    const answer = await decideGate(context, 'notifications')
    expect(answer).toMatchObject({ allowed: false, decision: 'halted' })
    expect(evidence(answer, 'fail')).toEqual([
      'no_invariant_violations: oversold: 2',
      'no_critical_alert: firing: InvariantViolated (events)',
    ])
    expect(gateText(answer, false)).toContain('These may override it: sre-on-call, product-owner.')
  })

  test('an auditor that has stopped reporting is a question', async () => {
    at = END + 10 * MINUTE
    const answer = await decideGate(context, 'notifications')
    expect(answer.decision).toBe('unknown')
    expect(evidence(answer, 'unknown')).toContain(
      'no_invariant_violations: the auditor of events has stopped reporting to Prometheus',
    )
  })

  test.each([
    [1, 'investigating', 'halted'],
    [2, 'monitoring', 'halted'],
    [2, 'resolved', 'allowed'],
    [3, 'investigating', 'allowed'],
  ])('with an incident of SEV%d that is %s: %s', async (severity, status, decision) => {
    openIncident(severity, status)
    const answer = await decideGate(context)
    expect(answer.decision).toBe(decision)
    expect(evidence(answer, 'fail')).toEqual(
      decision === 'halted' ? [`no_open_incident: INC-0001 SEV${severity} ${status}: Buyers cannot pay`] : [],
    )
  })

  test('halts it when more of a budget is spent than the policy allows, and lists the actions before that', async () => {
    at = AFTER_FAILURE + MINUTE / 2
    const { spent } = await spentAndQuery()
    expect(spent).toBeGreaterThan(0)

    const warned = await decideGate(context, 'payments', limits(spent * 1.1, 1 - spent * 0.9))
    expect(warned).toMatchObject({ decision: 'allowed', actions: ['Release less.'] })
    expect(gateText(warned, false)).toMatch(/^ {2}warn {2}budget checkout-availability/m)

    const halted = await decideGate(context, 'payments', limits(spent * 0.9, 0))
    expect(halted).toMatchObject({ allowed: false, decision: 'halted' })
    expect(evidence(halted, 'fail')[0]).toMatch(
      /^budget checkout-availability: .* of 30d is spent, halted above /,
    )
  })

  test('is overridden by those who may only, with a reason, and until the override expires', async () => {
    openIncident(1, 'investigating')
    const policies = readPolicies()
    const answer = await decideGate(context, 'events')
    const request = { reason: 'the release is the fix', forMs: 10 * MINUTE }

    expect(recordOverride(context, answer, { ...request, by: 'eve' }, policies)).toBe(
      '"eve" may not override the gate of events; these may: sre-on-call, product-owner',
    )
    expect((await decideGate(context, 'events')).decision).toBe('halted')

    expect(recordOverride(context, answer, { ...request, by: 'sre-on-call' }, policies)).toBeUndefined()
    const overridden = await decideGate(context, 'events')
    expect(overridden).toMatchObject({
      allowed: true,
      decision: 'overridden',
      override: { by: 'sre-on-call', reason: 'the release is the fix', expiresAt: END + 10 * MINUTE },
    })
    expect(gateText(overridden, false)).toContain('events  overridden: it may be released until ')
    expect((await decideGate(context, 'gateway')).decision).toBe('halted')
    const recorded = context.store.get<{ data: string }>('SELECT data FROM overrides')
    expect(JSON.parse(recorded?.data ?? '{}')).toMatchObject({ decision: 'halted' })

    at = END + 10 * MINUTE
    expect((await decideGate(context, 'events')).allowed).toBe(false)
  })

  test('is not overridden without a reason, for too long, or when it allows the release', async () => {
    const policies = readPolicies()
    const answer = await decideGate(context)
    const request = { by: 'sre-on-call', reason: 'a fix', forMs: HOUR }
    expect(() => recordOverride(context, answer, { ...request, reason: ' ' }, policies)).toThrow('--reason')
    expect(() => recordOverride(context, answer, { ...request, forMs: 25 * HOUR }, policies)).toThrow(
      '--for must be more than 0 and at most 24h',
    )
    expect(recordOverride(context, answer, request, policies)).toBe(
      'there is nothing to override: all may be released',
    )
    expect(context.store.all('SELECT * FROM overrides')).toEqual([])
  })

  test('as a command ends with 0 for yes and 1 for no', async () => {
    expect(await command({ PROMETHEUS_URL: url })).toMatchObject({ code: 0, answer: { decision: 'allowed' } })
    openIncident(1, 'investigating')
    expect(await command({ PROMETHEUS_URL: url })).toMatchObject({ code: 1, answer: { decision: 'halted' } })
  })

  function limits(haltAboveSpent: number, warnBelowLeft: number): Policies {
    const policies = readPolicies()
    const payments = policies.services.get('payments')
    if (!payments) throw new Error('no policy')
    const own = { ...payments, haltAboveSpent, warnBelowLeft, actions: ['Release less.'] }
    return { ...policies, services: new Map([['payments', own]]) }
  }

  async function spentAndQuery(): Promise<{ spent: number }> {
    const { conditions } = await decideGate(context, 'payments')
    return { spent: (await context.prometheus.value(conditions[0]?.lookedAt ?? '', at)) ?? 0 }
  }
})

describe('without Prometheus, the gate', () => {
  let closed: string
  beforeEach(async () => {
    closed = `http://127.0.0.1:${await freePort()}`
    context = createContext({ PROMETHEUS_URL: closed, SRE_DATA_DIR: dataDir }, { now: () => at })
  })

  test('cannot tell, and the command ends with 2', async () => {
    const { code, answer } = await command({ PROMETHEUS_URL: closed })
    expect(code).toBe(2)
    expect(answer).toMatchObject({ allowed: false, decision: 'unknown' })
    expect(answer.conditions.filter(({ result }) => result === 'unknown')).toHaveLength(6)
  })

  test('still says no when an incident is open', async () => {
    openIncident(1, 'investigating')
    expect((await decideGate(context, 'payments')).decision).toBe('halted')
  })

  test('cannot tell either when its database is broken', async () => {
    writeFileSync(join(dataDir, 'sre.db'), 'not a database'.repeat(1000))
    const answer = await decideGate(context, 'notifications')
    expect(answer.decision).toBe('unknown')
    expect(evidence(answer, 'unknown')[0]).toMatch(/^no_open_incident: The database cannot be used: /)
  })
})

function openIncident(severity: number, status: string): void {
  context.store.run(
    `INSERT INTO incidents (title, severity, status, services, begun_at, begun_by, detected_at)
     VALUES ('Buyers cannot pay', ?, ?, '["gateway"]', ?, 'alert', ?)`,
    severity,
    status,
    END,
    END,
  )
}

/** The program itself, on the database of this test. */
function command(env: Record<string, string>): Promise<{ code: number; answer: GateAnswer }> {
  const args = [join(REPOSITORY, 'sre/src/main.ts'), 'gate', '--json']
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      args,
      { env: { PATH: process.env.PATH, SRE_DATA_DIR: dataDir, ...env } },
      (_, stdout) => resolve({ code: child.exitCode ?? -1, answer: JSON.parse(stdout) as GateAnswer }),
    )
  })
}

function results({ conditions }: GateAnswer): Record<string, string> {
  return Object.fromEntries(conditions.map(({ name, result }) => [name, result]))
}

function evidence({ conditions }: GateAnswer, wanted: string): string[] {
  return conditions
    .filter(({ result }) => result === wanted)
    .map((condition) => `${condition.name}: ${condition.evidence}`)
}

/** Three hours of a small shop, a sample every 30 seconds. */
function history(): string {
  const lines: string[] = []
  const counters = { answers: 0, paid: 0, unpaid: 0 }
  for (let time = END - 3 * HOUR; time <= END; time += MINUTE / 2) {
    const fails = time > AFTER_FAILURE - MINUTE && time <= AFTER_FAILURE
    const violated = Math.abs(time - VIOLATED) < 5 * MINUTE
    counters.answers += 30
    counters[fails ? 'unpaid' : 'paid'] += 10
    const pay = 'gateway_requests_total{job="gateway",method="POST",path="/reserve/{id}/pay"'
    const samples: [series: string, value: number][] = [
      ['up{job="gateway"}', 1],
      ['gateway_requests_total{job="gateway",method="GET",path="/events",status="200"}', counters.answers],
      [`${pay},status="200"}`, counters.paid],
      [`${pay},status="503"}`, counters.unpaid],
      ['gateway_request_duration_seconds_bucket{job="gateway",path="/events",le="0.5"}', counters.answers],
      ['gateway_request_duration_seconds_count{job="gateway",path="/events"}', counters.answers],
      ['slo:objective:ratio{slo="gateway-latency"}', 0.95],
      ['events_invariant_violations{job="events",kind="oversold"}', violated ? 2 : 0],
      ['events_invariant_violations{job="events",kind="leaked_hold"}', 0],
    ]
    if (violated) {
      samples.push([
        'ALERTS{alertname="InvariantViolated",alertstate="firing",severity="critical",service="events"}',
        1,
      ])
    }
    lines.push(...samples.map(([series, value]) => `${series} ${value} ${time / 1000}`))
  }
  return lines.join('\n')
}
