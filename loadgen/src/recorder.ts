import { createDurations, type Durations } from './histogram.ts'
import { type Exchange, FAILURES, type Failure, kindOf, type Outcome } from './outcome.ts'

/** A timer is late by a millisecond or two; more than this is a generator that does not keep up. */
export const LATE_MS = 10

export interface RouteRecord {
  route: string
  durations: Durations
  /** answers by status */
  statuses: Map<number, number>
  /** requests without a complete answer */
  failures: Record<Failure, number>
}

/** One second, or what was left of the last one. */
export interface Slice {
  /** its end, in seconds after the start */
  second: number
  ok: number
  conflicts: number
  rejected: number
  broken: number
  p50Ms: number
  p90Ms: number
  p99Ms: number
  maxMs: number
  /** the most buyers who were on their way at a time */
  buyers: number
}

export interface Recorder {
  exchange(exchange: Exchange): void
  buyerCame(): void
  buyerLeft(outcome: Outcome | undefined): void
  /** how much later than due a buyer was sent off */
  sentLate(ms: number): void
  /** buyers who were late by more than {@link LATE_MS} */
  lateCount(): number
  /** Closes a slice of time. */
  slice(second: number): Slice
  readonly routes: ReadonlyMap<string, RouteRecord>
  readonly all: Durations
  readonly late: Durations
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly slices: readonly Slice[]
  readonly buyers: number
}

export function createRecorder(observe: (exchange: Exchange) => void = () => undefined): Recorder {
  const routes = new Map<string, RouteRecord>()
  const all = createDurations()
  const late = createDurations()
  const outcomes = { success: 0, fail: 0, sold_out: 0 }
  const slices: Slice[] = []
  const current = createDurations()
  let kinds = { ok: 0, conflict: 0, rejected: 0, broken: 0 }
  let buyers = 0
  let mostBuyers = 0
  let lateCount = 0

  return {
    exchange(exchange) {
      const { route, result, ms } = exchange
      const record = routes.get(route) ?? newRoute(route)
      routes.set(route, record)
      if (typeof result === 'number') record.statuses.set(result, (record.statuses.get(result) ?? 0) + 1)
      else record.failures[result] += 1
      kinds[kindOf(result)] += 1
      for (const durations of [record.durations, all, current]) durations.add(ms)
      observe(exchange)
    },
    buyerCame() {
      buyers += 1
      mostBuyers = Math.max(mostBuyers, buyers)
    },
    buyerLeft(outcome) {
      buyers -= 1
      if (outcome) outcomes[outcome] += 1
    },
    sentLate(ms) {
      late.add(ms)
      if (ms > LATE_MS) lateCount += 1
    },
    lateCount: () => lateCount,
    slice(second) {
      const slice = {
        second,
        ok: kinds.ok,
        conflicts: kinds.conflict,
        rejected: kinds.rejected,
        broken: kinds.broken,
        p50Ms: current.at(50),
        p90Ms: current.at(90),
        p99Ms: current.at(99),
        maxMs: current.max(),
        buyers: mostBuyers,
      }
      slices.push(slice)
      kinds = { ok: 0, conflict: 0, rejected: 0, broken: 0 }
      current.reset()
      mostBuyers = buyers
      return slice
    },
    routes,
    all,
    late,
    outcomes,
    slices,
    get buyers() {
      return buyers
    },
  }
}

function newRoute(route: string): RouteRecord {
  const failures = Object.fromEntries(FAILURES.map((failure) => [failure, 0])) as Record<Failure, number>
  return { route, durations: createDurations(), statuses: new Map(), failures }
}
