import type { Slo } from '@quickticket/monitoring/slo/declaration'
import { computeBudget } from '../budget/compute.ts'
import type { Period } from '../observed/episodes.ts'
import type { Prometheus } from '../prometheus.ts'
import { lengthText } from '../text.ts'
import { CannotTell } from '../verb.ts'
import { type Counted, countRise } from './counters.ts'

/** A figure, or one sentence that says why there is none. */
export type Known<T> = { value: T; missing?: undefined } | { value?: undefined; missing: string }

export interface Impact {
  /** what buyers asked for, and what was answered with a 5xx */
  requests: Known<Requests>
  /** attempts to reserve and to pay; a buyer who tries again counts again */
  turnedAway: Known<TurnedAway[]>
  orders: Known<Orders>
  /** cents */
  money: Known<number>
  /** milliseconds: how long no gateway was up, and how long Prometheus itself saw nothing at all */
  outage: Known<Outage>
  budgets: { slo: string; spent: Known<BudgetSpent> }[]
  /** Prometheus has data only from here on; undefined: from the begin */
  seenFrom: number | undefined
}

interface Requests {
  total: number
  failed: number
  byStatus: Record<string, number>
}

interface TurnedAway {
  step: 'reserve' | 'pay'
  attempts: number
  /** 5xx */
  failed: number
  /** 4xx: sold out, too late, too many requests, a card that is declined */
  refused: number
}

interface Outage {
  downMs: number
  blindMs: number
}

export interface Orders {
  made: number
  /** per minute */
  rate: number
  /** per minute, in the hour before */
  rateBefore: number
  /** how much of the hour before Prometheus has seen, milliseconds */
  beforeMs: number
  /** against the rate of the hour before; not below 0 */
  notMade: number
}

export interface BudgetSpent {
  bad: number
  total: number
  /** of the whole budget, by this period alone */
  share: number
  /** of the whole budget, at the end of the period */
  left: number
  /** the same at its begin; undefined: Prometheus had seen nothing before */
  leftBefore: number | undefined
}

interface Source {
  prometheus: Prometheus
  now(): number
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** Fewer minutes of the hour before say too little about what was usual. */
const LEAST_BEFORE_MS = 5 * MINUTE_MS
/** Scrapes are closer together than this. */
const SCRAPE_MS = 60_000

const BUYERS = 'path=~"/events.*|/reserve.*"'
export const IMPACT_QUERIES = {
  failed: `gateway_requests_total{${BUYERS},status=~"5.."}`,
  total: `gateway_requests_total{${BUYERS}}`,
  reserve: 'gateway_requests_total{method="POST",path="/events/{id}/reserve"}',
  pay: 'gateway_requests_total{method="POST",path="/reserve/{id}/pay"}',
  orders: 'events_orders_total',
  // 0 also while there is no gateway to scrape, but other targets are
  up: 'max(up{job="gateway"}) or 0 * max(up)',
} as const

/** What a period cost. A figure that Prometheus cannot give says why, and hides none of the others. */
export async function computeImpact(
  source: Source,
  slos: Slo[],
  period: Period,
  { orderCents }: { orderCents?: number | undefined } = {},
): Promise<Impact> {
  const { prometheus } = source
  const [counted, turnedAway, orders, outage, ...spent] = await Promise.all([
    known(() => countRise(prometheus, [IMPACT_QUERIES.total], period)),
    known(() => countTurnedAway(prometheus, period)),
    known(() => countOrders(prometheus, period)),
    known(() => measureOutage(prometheus, period)),
    ...slos.map((slo) => known(() => measureSpent(source, slo, period))),
  ])
  const firstAt = counted.value?.firstAt
  return {
    requests: counted.value ? { value: requestsOf(counted.value) } : counted,
    turnedAway,
    orders,
    money: moneyOf(orders, orderCents),
    outage,
    budgets: slos.map(({ name }, index) => ({ slo: name, spent: spent[index] as Known<BudgetSpent> })),
    seenFrom: firstAt !== undefined && firstAt > period.fromMs + SCRAPE_MS ? firstAt : undefined,
  }
}

function requestsOf({ count, bySeries }: Counted): Requests {
  const byStatus: Record<string, number> = {}
  for (const { labels, count: each } of bySeries) {
    const status = labels.status ?? ''
    if (status.startsWith('5') && each > 0) byStatus[status] = (byStatus[status] ?? 0) + each
  }
  return { total: count, failed: Object.values(byStatus).reduce((sum, each) => sum + each, 0), byStatus }
}

async function countTurnedAway(prometheus: Prometheus, period: Period): Promise<TurnedAway[]> {
  const steps = ['reserve', 'pay'] as const
  return await Promise.all(
    steps.map(async (step) => {
      const { count, bySeries } = await countRise(prometheus, [IMPACT_QUERIES[step]], period)
      const sum = (digit: string) =>
        bySeries.reduce((all, { labels, count }) => all + (labels.status?.startsWith(digit) ? count : 0), 0)
      return { step, attempts: count, failed: sum('5'), refused: sum('4') }
    }),
  )
}

async function countOrders(prometheus: Prometheus, { fromMs, toMs }: Period): Promise<Orders> {
  const count = (period: Period) => countRise(prometheus, [IMPACT_QUERIES.orders], period)
  const during = await count({ fromMs, toMs })
  const { value: before } = await known(() => count({ fromMs: fromMs - HOUR_MS, toMs: fromMs }))
  if (!before || before.seenMs < LEAST_BEFORE_MS) {
    const seen = before ? `only ${lengthText(before.seenMs)}` : 'nothing'
    throw new CannotTell(`Prometheus has ${seen} of the hour before`, IMPACT_QUERIES.orders)
  }
  const rateBefore = before.count / before.seenMs
  return {
    made: during.count,
    rate: (during.count / Math.max(during.seenMs, 1)) * MINUTE_MS,
    rateBefore: rateBefore * MINUTE_MS,
    beforeMs: before.seenMs,
    notMade: Math.max(0, Math.round(rateBefore * during.seenMs - during.count)),
  }
}

function moneyOf(orders: Known<Orders>, orderCents: number | undefined): Known<number> {
  if (!orders.value) return orders
  if (orderCents !== undefined) return { value: orders.value.notMade * orderCents }
  return {
    missing:
      'no metric counts cents; with --order-cents N, the mean value of an order, it is computed from the orders not made',
  }
}

async function measureOutage(prometheus: Prometheus, { fromMs, toMs }: Period): Promise<Outage> {
  const stepMs = Math.max(SCRAPE_MS / 4, Math.ceil((toMs - fromMs) / 10_000))
  const [series] = await prometheus.range(IMPACT_QUERIES.up, { fromMs, toMs, stepMs })
  if (!series) throw new CannotTell('Prometheus saw no target at that time', IMPACT_QUERIES.up)
  const steps = Math.floor((toMs - fromMs) / stepMs) + 1
  return {
    downMs: series.points.filter(({ value }) => value === 0).length * stepMs,
    blindMs: (steps - series.points.length) * stepMs,
  }
}

/** By this period alone, as a share of the whole budget at the end of the period. */
async function measureSpent(source: Source, slo: Slo, period: Period): Promise<BudgetSpent> {
  const [total, counted, budget, before] = await Promise.all([
    countRise(source.prometheus, [slo.total], period),
    countRise(source.prometheus, slo.bad ?? [slo.good ?? ''], period),
    computeBudget(source, slo, { at: period.toMs }),
    known(() => computeBudget(source, slo, { at: period.fromMs })),
  ])
  const bad = slo.bad ? counted.count : Math.max(0, total.count - counted.count)
  return {
    bad,
    total: total.count,
    share: bad === 0 ? 0 : bad / budget.budget.requests,
    left: budget.left.share,
    leftBefore: before.value?.left.share,
  }
}

/** What cannot be told is missing, and no error. */
export async function known<T>(find: () => Promise<T>): Promise<Known<T>> {
  try {
    return { value: await find() }
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error
    return { missing: error.message }
  }
}
