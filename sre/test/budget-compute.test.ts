import { formatDuration } from '@quickticket/monitoring/slo/duration'
import { sloFiles } from '@quickticket/monitoring/slo/files'
import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Budget, computeBudget, computeBudgets } from '../src/budget/compute.ts'
import { budgetText } from '../src/budget/text.ts'
import { verb } from '../src/budget/verb.ts'
import { createContext } from '../src/context.ts'
import { chooseObjectives, readObjectives } from '../src/objectives.ts'
import { observeAlerts, observeDeploys, observeFaults } from '../src/observed/episodes.ts'
import { createPrometheus, type Prometheus } from '../src/prometheus.ts'
import { BUSY, budgetHistory, END_S, LONG_OUTAGE, SHORT_OUTAGE } from './budget-history.ts'

const DAY_MS = 86_400_000
const NAMES = readObjectives().map(({ name }) => name)

describe.skipIf(!prometheusFrom)('budgets of a real Prometheus (needs Prometheus 3, or Docker)', () => {
  let prometheus: Prometheus
  let close: () => Promise<void>
  const now = () => END_S * 1000
  const source = {
    get prometheus() {
      return prometheus
    },
    now,
  }

  beforeAll(async () => {
    const server = await startPrometheus({ history: budgetHistory(), rules: eachSecond(sloFiles()) })
    prometheus = createPrometheus(server.url)
    close = server.close
  }, 60_000)
  afterAll(() => close())

  test.each(NAMES)('%s is what its recording rules say', async (name) => {
    const [slo] = chooseObjectives([name])
    if (!slo) throw new Error(name)
    const window = formatDuration(slo.windowMs)
    const recordings: [rule: string, of: (budget: Budget) => number | undefined][] = [
      ['slo:error_budget_remaining:ratio', ({ left }) => left.share],
      [`slo:sli_error:ratio_rate${window}`, ({ errorRatio }) => errorRatio],
      [`slo:coverage:ratio${window}`, ({ coverage }) => coverage],
      ['slo:burn_rate:ratio', ({ burnRates }) => burnRates[0]?.rate],
      ...['1h', '6h', '3d'].flatMap((length, index): typeof recordings => [
        [
          `slo:sli_error:ratio_rate${length}`,
          ({ burnRates }) => (burnRates[index]?.rate ?? Number.NaN) * (1 - slo.objective),
        ],
        [`slo:coverage:ratio${length}`, ({ burnRates }) => burnRates[index]?.coverage],
      ]),
    ]
    for (const [rule, of] of recordings) {
      const { value, at } = await recorded(`${rule}{slo="${name}"}`)
      const actual = of(await computeBudget(source, slo, { at })) ?? Number.NaN
      expect(Math.abs(actual - value), `${rule}: ${actual} and ${value}`).toBeLessThanOrEqual(
        Math.abs(value) * 0.001 + 1e-9,
      )
    }
  })

  test('what spent a budget is named, with what happened at the same time', async () => {
    const { spending, spent, budget } = await budgetOf('gateway-availability')
    expect(spending?.episodes).toHaveLength(2)
    const [largest, second] = spending?.episodes ?? []
    const stepMs = spending?.stepMs ?? 0

    expect(Math.abs((largest?.begin ?? 0) - LONG_OUTAGE.begin * 1000)).toBeLessThanOrEqual(stepMs)
    expect(Math.abs((largest?.end ?? 0) - LONG_OUTAGE.end * 1000)).toBeLessThanOrEqual(2 * stepMs)
    expect(largest?.goesOn).toBe(false)
    const bad = 20 * 60 * BUSY * 0.5
    expect(largest?.share).toBeCloseTo(bad / budget.requests, 2)
    expect(Math.abs((largest?.badRequests ?? 0) - bad)).toBeLessThan(0.02 * bad)
    expect(largest?.overlaps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'deploy v2',
      'alert SLOBurnRatePage',
    ])
    expect(Math.abs((second?.begin ?? 0) - SHORT_OUTAGE.begin * 1000)).toBeLessThanOrEqual(stepMs)
    expect(second?.overlaps.map(({ kind, name, service }) => `${kind} ${name} of ${service}`)).toEqual([
      'fault error of payments',
    ])
    const shares = (spending?.episodes ?? []).reduce((sum, { share }) => sum + share, 0)
    expect(shares + (spending?.restShare ?? 0)).toBeCloseTo(spent.share, 6)
  })

  test('each minute counted alike, an outage of a busy hour is smaller', async () => {
    const { spending, spent } = await budgetOf('gateway-availability')
    // half of 20 minutes, and the payments among all requests of 5 minutes
    const minutes = 10 + 5 * (0.5 / (BUSY + 0.5))
    expect(spending?.byTime.minutes).toBeGreaterThan(minutes * 0.9)
    expect(spending?.byTime.minutes).toBeLessThan(minutes * 1.15)
    expect(spending?.byTime.share).toBeLessThan(spent.share)
  })

  test('a Prometheus that has seen a quarter of the window says so, and what that makes uncertain', async () => {
    const { coverage, uncertain } = await budgetOf('checkout-availability')
    expect(coverage).toBeGreaterThan(0.2)
    expect(coverage).toBeLessThan(0.25)
    expect(uncertain).toMatch(/^Prometheus has seen 2\d.*at least .* is spent, all of it may be spent$/)
    expect((await budgetOf('gateway-availability')).uncertain).toBeUndefined()
  })

  test('as it was before the outages, nothing is spent', async () => {
    const [slo] = chooseObjectives(['gateway-availability'])
    if (!slo) throw new Error('no objective')
    const at = (LONG_OUTAGE.begin - 3600) * 1000
    const { spent, left, usedUp } = await computeBudget(source, slo, { at, windowMs: DAY_MS })
    expect(spent.share).toBe(0)
    expect(left.minutes).toBeCloseTo(24 * 60 * 0.005, 6)
    expect(usedUp).toMatchObject({ at: undefined, burnRate: 0 })
  })

  test('in the middle of an outage, it is known when the budget is used up', async () => {
    const [slo] = chooseObjectives(['gateway-availability'])
    if (!slo) throw new Error('no objective')
    const { usedUp, left, burnRates, state } = await computeBudget(source, slo, {
      at: LONG_OUTAGE.end * 1000,
    })
    const rate = burnRates[0]?.rate ?? 0
    // 20 of 60 minutes, half of the requests, against 0.5 %
    expect(rate).toBeGreaterThan(30)
    expect(usedUp?.inMs).toBeCloseTo((left.share * 7 * DAY_MS) / rate, 0)
    expect(state).toBe('warning')
  })

  test('as a command, a budget that is used up is a no, and is said first', async () => {
    const context = createContext({ PROMETHEUS_URL: prometheus.url })
    const at = new Date(SHORT_OUTAGE.end * 1000).toISOString()
    const given = { values: { window: '30m', at }, positionals: ['checkout-availability'] }
    const { ok, text, json } = await verb.run(context, given)
    expect(ok).toBe(false)
    expect(text).toMatch(
      /^checkout-availability {2}critical: the budget is used up\n {2}target +99 % over 30m: /,
    )
    expect(json).toMatchObject([{ slo: 'checkout-availability', usedUp: { inMs: 0 }, state: 'critical' }])
  })

  test.each([
    [{ window: '3 weeks' }, [], '--window: "3 weeks" must be a number and one of ms, s, m, h, d, such as 7d'],
    [{ window: '1s' }, [], '--window="1s" must be from 1m to 3650d, such as 30d'],
    [{ at: 'yesterday' }, [], '--at="yesterday" must be a time in the past such as 2026-11-28T12:00:00Z'],
    [{ at: '2999-01-01' }, [], '--at="2999-01-01" must be a time in the past such as 2026-11-28T12:00:00Z'],
    [{}, ['latency'], `"latency" is no objective: ${NAMES.join(', ')}`],
  ])('as a command with %j and %j it says what is allowed', async (values, positionals, message) => {
    const context = createContext({ PROMETHEUS_URL: prometheus.url })
    await expect(verb.run(context, { values, positionals })).rejects.toThrow(message)
  })

  test('a time without any request has no budget', async () => {
    const [answer] = await computeBudgets(source, chooseObjectives(['gateway-latency']), {
      at: now() - 300 * DAY_MS,
    })
    expect(answer?.budget).toBeUndefined()
    expect(answer?.unknown?.message).toMatch(/^gateway-latency: Prometheus has no request within 7d until /)
    expect(budgetText(answer ? [answer] : [], false)).toMatch(/^gateway-latency {2}unknown\n/)
  })

  test('alerts, deploys and faults of a long period are found with their times', async () => {
    const period = { fromMs: now() - 90 * DAY_MS, toMs: now() }
    const [[alert], [deploy, ...otherDeploys], [fault, ...otherFaults]] = await Promise.all([
      observeAlerts(prometheus, period),
      observeDeploys(prometheus, period),
      observeFaults(prometheus, period),
    ])
    expect(alert).toMatchObject({
      name: 'SLOBurnRatePage',
      begin: (LONG_OUTAGE.begin + 30) * 1000,
      end: LONG_OUTAGE.end * 1000,
    })
    expect(deploy).toMatchObject({ name: 'v2', service: 'gateway', labels: { from: 'v1', aborted: 'false' } })
    expect(fault).toMatchObject({ name: 'error', service: 'payments' })
    expect(Math.abs((fault?.begin ?? 0) / 1000 - SHORT_OUTAGE.begin)).toBeLessThanOrEqual(45)
    expect(Math.abs((fault?.end ?? 0) / 1000 - SHORT_OUTAGE.end)).toBeLessThanOrEqual(45)
    expect([...otherDeploys, ...otherFaults]).toEqual([])
  })

  async function budgetOf(name: string): Promise<Budget> {
    const [slo] = chooseObjectives([name])
    if (!slo) throw new Error(name)
    return computeBudget(source, slo, { spending: true })
  }

  function recorded(expr: string) {
    return vi.waitFor(
      async () => {
        const [[value], [at]] = await Promise.all([
          prometheus.query(expr),
          prometheus.query(`timestamp(${expr})`),
        ])
        if (!value || !at) throw new Error(`${expr} is not recorded yet`)
        const [same] = await prometheus.query(expr, at.value * 1000)
        return { value: same?.value ?? Number.NaN, at: at.value * 1000 }
      },
      { timeout: 20_000, interval: 200 },
    )
  }
})

/** The very rules, but evaluated at once. */
function eachSecond(files: Map<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([name, text]) => [
      name.replace('.yml', '.rules.yml'),
      text.replace(/^( +interval:) .*$/gm, '$1 1s'),
    ]),
  )
}
