import type { Prometheus, Series } from '../prometheus.ts'
import { CannotTell } from '../verb.ts'

export interface Reading {
  /** milliseconds since 1970 */
  at: number
  value: number
}

/** What Prometheus has seen of the system, in steps of one length. */
export interface History {
  /** the first scrape within the window */
  fromMs: number
  toMs: number
  stepMs: number
  /** requests per second at the gateway, of buyers */
  load: Reading[]
  /** cores of an average replica, by service */
  cpu: Map<string, Reading[]>
  /** bytes of the largest replica, by service */
  memory: Map<string, Reading[]>
  /** connections to PostgreSQL in use by one replica of events */
  connections: Reading[]
  poolMax: number | undefined
  replicas: Map<string, number>
}

const SERVICES = 'gateway|events|payments|notifications'
const SCRAPE_MS = 15_000
/** A rate needs two scrapes, and one may fail. */
const SCRAPES_EACH_STEP = 4
const STEPS = 250
const MOST_POINTS = 10_000

/** What the load is. The rule gateway:user_requests:rate5m counts the same paths. */
function loadExpr(rangeMs: number): string {
  return `sum(rate(gateway_requests_total{path=~"/events.*|/reserve.*"}[${rangeMs / 1000}s]))`
}

/** @throws {CannotTell} when Prometheus has seen nothing of the gateway in the window */
export async function readHistory(
  prometheus: Prometheus,
  { windowMs, now }: { windowMs: number; now: number },
): Promise<History> {
  const fromMs = await firstScrape(prometheus, now - windowMs, now)
  const shortestMs = SCRAPES_EACH_STEP * (await scrapeInterval(prometheus, fromMs, now))
  const stepMs = Math.ceil(Math.max(shortestMs, (now - fromMs) / STEPS) / 1000) * 1000
  const range = { fromMs: fromMs + stepMs, toMs: now, stepMs }
  const step = `${stepMs / 1000}s`
  const ask = (expr: string) => prometheus.range(expr, range)

  const [load, cpu, memory, connections, poolMax, replicas] = await Promise.all([
    ask(loadExpr(stepMs)),
    ask(`avg by (job) (rate(process_cpu_seconds_total{job=~"${SERVICES}"}[${step}]))`),
    ask(`max by (job) (max_over_time(process_resident_memory_bytes{job=~"${SERVICES}"}[${step}]))`),
    ask(`max(max_over_time(events_db_pool_in_use_max[${step}]))`),
    prometheus.value('min(events_db_pool_max)', now),
    prometheus.query(`count by (job) (up{job=~"${SERVICES}"} == 1)`, now),
  ])
  return {
    fromMs,
    toMs: now,
    stepMs,
    load: readingsOf(load[0]),
    cpu: byService(cpu),
    memory: byService(memory),
    connections: readingsOf(connections[0]),
    poolMax,
    replicas: new Map(replicas.map(({ labels, value }) => [labels.job ?? '', value])),
  }
}

/** The first scrape of the gateway from `fromMs` on. @throws {CannotTell} when there is none */
export async function firstScrape(prometheus: Prometheus, fromMs: number, toMs: number): Promise<number> {
  const scrapes = 'up{job="gateway"}'
  const stepMs = Math.max(SCRAPE_MS, Math.ceil((toMs - fromMs) / MOST_POINTS / 1000) * 1000)
  const firstOf = async (expr: string, range: { fromMs: number; toMs: number; stepMs: number }) =>
    (await prometheus.range(expr, range))[0]?.points[0]?.at
  // each step looks back to the one before, and the last one is now: a history that is younger than a step is found too
  const steps = Math.floor((toMs - fromMs) / stepMs)
  const first = await firstOf(`count(present_over_time(${scrapes}[${stepMs / 1000}s]))`, {
    fromMs: toMs - steps * stepMs,
    toMs,
    stepMs,
  })
  if (first !== undefined) {
    const finer = { fromMs: Math.max(first - stepMs, fromMs), toMs: first, stepMs: SCRAPE_MS }
    return (await firstOf(`count(${scrapes})`, finer)) ?? first
  }
  throw new CannotTell('Prometheus has not scraped the gateway within the window', prometheus.linkTo(scrapes))
}

async function scrapeInterval(prometheus: Prometheus, fromMs: number, now: number): Promise<number> {
  const seenMs = Math.min(now - fromMs, 10 * 60_000)
  if (seenMs < SCRAPE_MS) return SCRAPE_MS
  const seconds = Math.floor(seenMs / 1000)
  const scrapes = await prometheus.value(`max(count_over_time(up{job="gateway"}[${seconds}s]))`, now)
  return scrapes ? Math.max(seenMs / scrapes, 1000) : SCRAPE_MS
}

function byService(series: Series[]): Map<string, Reading[]> {
  return new Map(series.map((one) => [one.labels.job ?? '', readingsOf(one)]))
}

function readingsOf(series: Series | undefined): Reading[] {
  return (series?.points ?? []).filter(({ value }) => Number.isFinite(value))
}
