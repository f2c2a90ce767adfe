import type { Slo } from '@quickticket/monitoring/slo/declaration'
import { formatDuration } from '@quickticket/monitoring/slo/duration'
import { coverage, errorRatio } from '@quickticket/monitoring/slo/rules'
import type { Prometheus } from '../prometheus.ts'
import { CannotTell } from '../verb.ts'
import { allowedShare, BURN_WINDOWS, budgetMs, msToExhaustion, shareSpent } from './figures.ts'
import { findSpending, type Spending } from './spending.ts'

/** What may go wrong within a window, and how much of it has. Shares of the budget may be above 1. */
export interface Budget {
  slo: string
  displayName: string
  service: string
  objective: number
  /** milliseconds since 1970: the end of the window */
  at: number
  windowMs: number
  /** the share of the window that Prometheus has seen. The rest counts as good, and as busy as what it has seen */
  coverage: number
  /** the share of bad events in what Prometheus has seen */
  errorRatio: number
  /** the whole budget: as the length of a total outage, and as requests of the window, projected where it was not seen */
  budget: { minutes: number; requests: number }
  /** what Prometheus has counted */
  seen: { minutes: number; requests: number; badRequests: number }
  spent: { share: number; minutes: number; requests: number }
  left: { share: number; minutes: number; requests: number }
  burnRates: BurnRate[]
  /** at the rate of the last hour; undefined without traffic. `at` is undefined when it is not used up within a window */
  usedUp: { at: number | undefined; inMs: number | undefined; burnRate: number } | undefined
  state: 'healthy' | 'warning' | 'critical'
  /** what is uncertain because Prometheus has not seen the whole window */
  uncertain: string | undefined
  /** what spent it; undefined unless it was asked for */
  spending: Spending | undefined
  /** the query that gives the spent share */
  query: string
}

export interface BurnRate {
  /** `1h`, `6h` or `3d` */
  window: string
  /** 1 spends the budget in exactly the window of the objective; undefined without traffic */
  rate: number | undefined
  /** the share of it that Prometheus has seen */
  coverage: number
  /** the share of the budget that was spent within it */
  spentShare: number
}

interface BudgetOptions {
  /** by default that of the objective */
  windowMs?: number
  /** the end of the window, milliseconds since 1970; by default now */
  at?: number
  /** also find the episodes that spent it, which takes more queries; by default false */
  spending?: boolean
}

/** A budget, or why there is none. */
export interface BudgetAnswer {
  slo: Slo
  budget: Budget | undefined
  /** why the budget is not known */
  unknown: CannotTell | undefined
}

interface Source {
  prometheus: Prometheus
  now(): number
}

/** The budgets of several objectives. One that cannot be told does not hide the others. */
export function computeBudgets(
  source: Source,
  slos: Slo[],
  options: BudgetOptions = {},
): Promise<BudgetAnswer[]> {
  return Promise.all(
    slos.map(async (slo) => {
      try {
        return { slo, budget: await computeBudget(source, slo, options), unknown: undefined }
      } catch (error) {
        if (!(error instanceof CannotTell)) throw error
        return { slo, budget: undefined, unknown: error }
      }
    }),
  )
}

/**
 * The budget of an objective, by the expressions of its recording rules: it equals `slo:error_budget_remaining:ratio` wherever the
 * rules are loaded, and needs none of them.
 *
 * @throws {CannotTell} when Prometheus does not answer, or has seen no request within the window
 */
export async function computeBudget(
  { prometheus, now }: Source,
  slo: Slo,
  { windowMs = slo.windowMs, at = now(), spending = false }: BudgetOptions = {},
): Promise<Budget> {
  const window = formatDuration(windowMs)
  const [ratio, covered, counted, ...rates] = await Promise.all([
    prometheus.value(errorRatio(slo, window), at),
    prometheus.value(coverage(slo, window), at),
    prometheus.value(`sum(increase(${slo.total}[${window}]))`, at),
    ...BURN_WINDOWS.map(rateOver),
  ])
  if (ratio === undefined || covered === undefined || counted === undefined) {
    throw new CannotTell(
      `${slo.name}: Prometheus has no request within ${window} until ${new Date(at).toISOString()}`,
      `sum(increase(${slo.total}[${window}])) on ${prometheus.url}`,
    )
  }

  const allowed = allowedShare(slo.objective)
  const share = (ratio * covered) / allowed
  // the rest of the window as busy as what was seen, as the rule has it
  const requests = covered > 0 ? (counted / covered) * allowed : 0
  const minutes = budgetMs(slo.objective, windowMs) / 60_000
  const part = (of: number) => ({ share: of, minutes: of * minutes, requests: of * requests })
  const hour = rates.find(({ window }) => window === '1h')?.rate
  const seenMs = covered * windowMs
  // the rule searches the begin in sixty steps, and finds the first of them that Prometheus has seen
  const fromMs = at - Math.min(windowMs, seenMs + windowMs / 60)
  return {
    slo: slo.name,
    displayName: slo.displayName,
    service: slo.service,
    objective: slo.objective,
    at,
    windowMs,
    coverage: covered,
    errorRatio: ratio,
    budget: { minutes, requests },
    seen: { minutes: seenMs / 60_000, requests: counted, badRequests: ratio * counted },
    spent: part(share),
    left: part(1 - share),
    burnRates: rates,
    usedUp: hour === undefined ? undefined : usedUp(hour),
    state: stateOf(1 - share, hour),
    uncertain: uncertainty(covered, allowed, share),
    spending: spending
      ? await findSpending(prometheus, slo, {
          fromMs,
          toMs: at,
          spentShare: share,
          badRequests: ratio * counted,
          windowMs,
        })
      : undefined,
    query: `${errorRatio(slo, window)} * ${coverage(slo, window)} / ${allowed}`,
  }

  async function rateOver({ name, ms }: (typeof BURN_WINDOWS)[number]): Promise<BurnRate> {
    const [bad, seen = 0] = await Promise.all([
      prometheus.value(errorRatio(slo, name), at),
      prometheus.value(coverage(slo, name), at),
    ])
    const rate = bad === undefined ? undefined : bad / allowedShare(slo.objective)
    const spentShare = shareSpent(rate ?? 0, { lengthMs: seen * ms, windowMs })
    return { window: name, rate, coverage: seen, spentShare }
  }

  function usedUp(burnRate: number): Budget['usedUp'] {
    const inMs = msToExhaustion(burnRate, { left: 1 - share, windowMs })
    return Number.isFinite(inMs)
      ? { at: at + inMs, inMs, burnRate }
      : { at: undefined, inMs: undefined, burnRate }
  }
}

/** The budget is critical when it is used up, and a warning when less than a fifth is left or it is spent as fast as a page takes. */
function stateOf(left: number, burnRate = 0): Budget['state'] {
  if (left <= 0) return 'critical'
  return left < 0.2 || burnRate >= 6 ? 'warning' : 'healthy'
}

/** A Prometheus that has seen as good as all of the window is certain enough: scrapes begin between two steps of the search. */
const CERTAIN_COVERAGE = 0.98

function uncertainty(covered: number, allowed: number, spent: number): string | undefined {
  if (covered >= CERTAIN_COVERAGE) return undefined
  const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`
  const atMost = spent + (1 - covered) / allowed
  const bound = atMost >= 1 ? 'all of it may be spent' : `at most ${percent(atMost)} is spent`
  const seen = `Prometheus has seen ${percent(covered)} of the window and the rest counts as good`
  return `${seen}: at least ${percent(spent)} is spent${spent < 1 ? `, ${bound}` : ''}`
}
