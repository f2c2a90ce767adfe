import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readObjectives } from '../src/objectives.ts'
import { countRise } from '../src/postmortem/counters.ts'
import { computeImpact, type Impact } from '../src/postmortem/impact.ts'
import { createPrometheus, type Prometheus } from '../src/prometheus.ts'
import { CannotTell } from '../src/verb.ts'
import { counterLines, gaugeLines } from './planted-history.ts'

const MINUTE = 60_000
// the scrapes are 3 s after each quarter of a minute: no border of the incident is one
const SCRAPE_OFFSET = 3000
const now = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE
const begin = now - 30 * MINUTE
const end = now - 20 * MINUTE
const historyFrom = now - 95 * MINUTE + SCRAPE_OFFSET
const period = { fromMs: begin, toMs: end }

const during = (at: number) => at > begin && at <= end
const reserve = { job: 'gateway', method: 'POST', path: '/events/{id}/reserve' }
const pay = { job: 'gateway', method: 'POST', path: '/reserve/{id}/pay' }
const list = { job: 'gateway', method: 'GET', path: '/events' }
const plan = { fromMs: historyFrom, toMs: now }

/** Every 15 s: 60 lists, 20 reservations, 10 orders; in the incident 7 failed and 2 refused payments, and 1 order. */
const history = [
  '# TYPE up gauge',
  gaugeLines('up', { job: 'events', instance: 'a' }, plan, () => 1),
  // for two minutes of the incident no gateway answers its scrape
  gaugeLines('up', { job: 'gateway', instance: 'a' }, plan, (at) =>
    at > begin + 2 * MINUTE && at <= begin + 4 * MINUTE ? 0 : 1,
  ),
  '# TYPE gateway_requests counter',
  counterLines('gateway_requests_total', { ...list, status: '200', instance: 'a' }, plan, () => 60),
  counterLines('gateway_requests_total', { ...reserve, status: '200', instance: 'a' }, plan, () => 20),
  counterLines('gateway_requests_total', { ...pay, status: '200', instance: 'a' }, plan, (at) =>
    during(at) ? 1 : 10,
  ),
  // its process starts again in the middle of the incident
  counterLines(
    'gateway_requests_total',
    { ...pay, status: '502', instance: 'a' },
    { ...plan, restartAt: begin + 5 * MINUTE },
    (at) => (during(at) ? 7 : 0),
  ),
  // appears with its first failure, as counters with a label do
  counterLines(
    'gateway_requests_total',
    { ...pay, status: '409', instance: 'a' },
    { ...plan, fromMs: firstScrapeAfter(begin) },
    (at) => (during(at) ? 2 : 0),
  ),
  // 503 before and after the incident do not count
  counterLines('gateway_requests_total', { ...list, status: '503', instance: 'a' }, plan, (at) =>
    during(at) ? 0 : 1,
  ),
  '# TYPE events_orders counter',
  counterLines('events_orders_total', { job: 'events', instance: 'a' }, plan, (at) => (during(at) ? 1 : 10)),
].join('\n')

function firstScrapeAfter(at: number): number {
  return at + SCRAPE_OFFSET
}

describe.skipIf(!prometheusFrom)('the impact of an incident, needs Prometheus 3 or its image', () => {
  let server: Awaited<ReturnType<typeof startPrometheus>>
  let prometheus: Prometheus
  let impact: Impact

  beforeAll(async () => {
    server = await startPrometheus({ history })
    prometheus = createPrometheus(server.url)
    impact = await computeImpact({ prometheus, now: () => now }, readObjectives(), period, {
      orderCents: 5000,
    })
  })
  afterAll(() => server?.close())

  // 40 scrapes lie in the ten minutes
  test('has exactly the requests that failed, over a restart', () => {
    expect(impact.requests.value?.byStatus['502']).toBe(40 * 7)
  })

  test('has at most the scrape before and the scrape after it of what failed outside of it', () => {
    expect(impact.requests.value?.byStatus['503'] ?? 0).toBeLessThanOrEqual(1)
  })

  test('has exactly the buyers that were turned away, those of a counter that appeared with the first one too', () => {
    const [, payments] = impact.turnedAway.value ?? []
    expect(payments).toMatchObject({ step: 'pay', failed: 40 * 7, refused: 40 * 2 })
  })

  test('has the orders and the money not made against the hour before', () => {
    const orders = impact.orders.value
    expect(orders?.rateBefore).toBeCloseTo(40, 0)
    // 400 were usual in ten minutes, 40 were made
    expect(Math.abs((orders?.notMade ?? 0) - 360)).toBeLessThanOrEqual(20)
    expect(impact.money.value).toBe((orders?.notMade ?? 0) * 5000)
  })

  test('tells the time without a gateway from the time that Prometheus did not see', async () => {
    expect(impact.outage.value).toEqual({ downMs: 2 * MINUTE, blindMs: 0 })
    const long = { fromMs: historyFrom - 20 * MINUTE, toMs: end }
    const { outage } = await computeImpact({ prometheus, now: () => now }, [], long)
    expect(outage.value).toEqual({ downMs: 2 * MINUTE, blindMs: 20 * MINUTE })
  })

  test('has the share of each budget that it alone spent', () => {
    const spent = impact.budgets.find(({ slo }) => slo === 'checkout-availability')?.spent.value
    expect(spent?.bad).toBe(40 * 7)
    expect(spent?.share).toBeGreaterThan(0)
    // nothing else spent of it
    expect(1 - (spent?.left ?? 1)).toBeCloseTo(spent?.share ?? 0, 2)
  })

  test('counts what came through a counter again, wherever the restart is', async () => {
    const rise = await countRise(prometheus, ['gateway_requests_total{status="502"}'], {
      fromMs: historyFrom,
      toMs: now,
    })
    expect(rise.count).toBe(40 * 7)
  })

  test('of a time that Prometheus did not see says so for every figure', async () => {
    const before = { fromMs: now - 300 * MINUTE, toMs: now - 290 * MINUTE }
    const unseen = await computeImpact({ prometheus, now: () => now }, readObjectives(), before)
    const figures = [unseen.requests, unseen.turnedAway, unseen.orders, unseen.money, unseen.outage]
    for (const figure of [...figures, ...unseen.budgets.map(({ spent }) => spent)]) {
      expect(figure.value).toBeUndefined()
      expect(figure.missing).toMatch(/Prometheus/)
    }
    await expect(countRise(prometheus, ['gateway_requests_total'], before)).rejects.toThrow(CannotTell)
  })

  test('says from when on Prometheus has seen it', async () => {
    const from = historyFrom - 20 * MINUTE
    const late = await computeImpact({ prometheus, now: () => now }, [], { fromMs: from, toMs: end })
    expect(late.seenFrom).toBe(historyFrom)
  })
})
