import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from '@quickticket/loadgen/random'
import { waitUntil } from '@quickticket/local/wait'
import { get, post } from '../http.ts'
import { audit } from './audit.ts'
import { startBuyers } from './buyers.ts'
import { type Anomaly, check, type FinalState } from './checker.ts'
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts'
import type { History } from './history.ts'
import { type Plan, startNemesis } from './nemesis.ts'
import { between } from './random.ts'
import { GATEWAY_TIMEOUT_MS, NEW_EVENT_EVERY_MS } from './timing.ts'

export interface TrialOptions {
  seed: number
  /** how long buyers buy and the nemesis strikes */
  durationMs: number
  root?: ClusterOptions['root']
  buyers?: number
  /** what goes wrong, by default everything */
  plan?: Plan
  /** called every now and then while it lasts */
  onProgress?(history: History): void
}

export interface TrialResult {
  history: History
  anomalies: Anomaly[]
  orders: number
  /** checkouts that were given up and their charges voided */
  voided: number
}

const RESERVATION_TTL_S = 5
/** a hold and a checkout end within this time once no client uses them */
const REST_TIMEOUT_MS = 90_000

/** Buyers against the nemesis; then everything is repaired, comes to rest, and is checked. */
export async function runTrial({
  seed,
  durationMs,
  root,
  buyers: count = 16,
  plan = 'all',
  onProgress,
}: TrialOptions): Promise<TrialResult> {
  const cluster = await startCluster({
    ...(root !== undefined && { root }),
    environment: {
      RESERVATION_TTL: String(RESERVATION_TTL_S),
      GATEWAY_TIMEOUT_MS: String(GATEWAY_TIMEOUT_MS),
      DB_MAX_CONNS: '2',
      REDIS_TIMEOUT_MS: '500',
      RETRY_MAX: '2',
      RETRY_BASE_DELAY_MS: '20',
      // a reconciler that is slow to give up what is over makes no difference to what may be confirmed
      RECONCILE_INTERVAL_MS: plan === 'freeze' ? '5000' : '200',
    },
  })
  try {
    const startedAt = performance.now()
    const clock = () => performance.now() - startedAt
    const random = createRandom(seed + 100)
    const buyers = startBuyers({
      gatewayUrl: cluster.gatewayUrl,
      count,
      seed,
      clock,
      // a buyer who pays again is served by the replica that is awake
      retries: plan === 'freeze' ? 0 : 4,
    })
    const nemesis = startNemesis(cluster, { seed, plan }, clock)
    const history: History = { seed, calls: buyers.calls, strikes: nemesis.strikes }

    while (clock() < durationMs) {
      const id = await addEvent(cluster, between(random, 15, 30)).catch(() => undefined)
      if (id !== undefined) buyers.onSale.push(id)
      await delay(Math.min(NEW_EVENT_EVERY_MS[plan], durationMs - clock()))
      onProgress?.(history)
    }
    await nemesis.stop()
    await buyers.stop()

    const rested = await comesToRest(cluster)
    const state = await readState(cluster, history)
    const anomalies = check(history, state, { reservationTtlMs: RESERVATION_TTL_S * 1000 })
    if (rested) anomalies.push({ rule: 'comes to rest', subject: 'system', detail: rested })
    anomalies.push(...(await audit(cluster, root)))
    return { history, anomalies, orders: state.orders.length, voided: await countVoided(cluster) }
  } finally {
    await cluster.close()
  }
}

async function addEvent({ postgres }: Cluster, seats: number): Promise<number> {
  const { rows } = await postgres.query<{ id: number }>(
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
     VALUES ('Trial', 'Court', now(), $1, 700) RETURNING id`,
    [seats],
  )
  return (rows[0] as { id: number }).id
}

/** Waits until no checkout is open and no seat held; what is left when it does not come to that. */
async function comesToRest({ postgres, gatewayUrl, events }: Cluster): Promise<string | undefined> {
  let left = ''
  const rested = await waitUntil(
    async () => {
      const health = await get(`${gatewayUrl}/health`).catch(() => undefined)
      const { rows } = await postgres.query<{ state: string; count: number }>(
        `SELECT state, count(*)::integer FROM checkouts WHERE state IN ('open', 'voiding') GROUP BY state`,
      )
      const metrics = await get(`http://127.0.0.1:${events[0]?.port}/metrics`)
      const held = /^events_reservations_active (\S+)/m.exec(metrics.text)?.[1]
      left = `health ${health?.status}, checkouts ${JSON.stringify(rows)}, reservations held ${held}`
      return health?.status === 200 && rows.length === 0 && held === '0'
    },
    REST_TIMEOUT_MS,
    250,
  )
  return rested ? undefined : left
}

async function readState(cluster: Cluster, { calls }: History): Promise<FinalState> {
  const { postgres, gatewayUrl } = cluster
  const events = await postgres.query<FinalState['events'][number]>(
    'SELECT id, total_tickets AS total, sold, price_cents AS "priceCents" FROM events ORDER BY id',
  )
  const orders = await postgres.query<FinalState['orders'][number]>(
    'SELECT id, event_id, quantity, total_cents FROM orders',
  )
  const soldOut = await postgres.query<{ id: string }>(
    `SELECT reservation_id AS id FROM checkouts WHERE void_reason = 'sold_out'`,
  )
  const soldOutAtPayment = soldOut.rows.map(({ id }) => id)
  const status: FinalState['status'] = {}
  const reservations = new Set(
    calls.flatMap((call) => (call.kind === 'pay' ? [call.reservationId as string] : [])),
  )
  for (const id of reservations) {
    const answer = await get<{ status: string }>(`${gatewayUrl}/reserve/${id}`)
    if (answer.status === 200) status[id] = answer.json.status
  }
  const reservable: FinalState['reservable'] = {}
  for (const { id } of events.rows) reservable[id] = await reserveAll(gatewayUrl, id)
  return { events: events.rows, orders: orders.rows, reservable, status, soldOutAtPayment }
}

async function reserveAll(gatewayUrl: string, eventId: number): Promise<number> {
  let reserved = 0
  for (let quantity = 10; quantity > 0; ) {
    const answer = await post(`${gatewayUrl}/events/${eventId}/reserve`, { quantity })
    if (answer.status === 200) reserved += quantity
    else if (answer.status === 409) quantity = Math.floor(quantity / 2)
    else throw new Error(`reserving after the trial answered ${answer.status}: ${answer.text}`)
  }
  return reserved
}

async function countVoided({ postgres }: Cluster): Promise<number> {
  const { rows } = await postgres.query<{ count: number }>(
    `SELECT count(*)::integer FROM checkouts WHERE state = 'voided'`,
  )
  return rows[0]?.count ?? 0
}
