import { waitUntil } from '@quickticket/local/wait'
import { hasRedis } from '@quickticket/testing/store-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../src/faults/audit.ts'
import { type Cluster, startCluster } from '../src/faults/cluster.ts'
import { ledgerOf } from '../src/faults/ledger.ts'
import { get } from '../src/http.ts'
import { createShop, type Shop } from '../src/shop.ts'

type Victim = 'gateway' | 'events'

interface CrashPoint {
  step: string
  victim: Victim
  /** which answer proves that the step is done: it is lost, and its reader killed */
  answer: { arrow: keyof Cluster['arrows']; asked?: string; after?: { arrow: 'postgres'; asked: string } }
  /** its outcome when the client does not retry */
  left: { status: 'cancelled' | 'refunded' | 'expired' | 'confirmed'; charged: boolean }
}

const POINTS: CrashPoint[] = [
  {
    step: 'the hold is prolonged',
    victim: 'events',
    answer: { arrow: 'redis' },
    left: { status: 'expired', charged: false },
  },
  {
    step: 'the intent is written',
    victim: 'events',
    answer: { arrow: 'postgres', asked: 'checkout-open' },
    left: { status: 'cancelled', charged: false },
  },
  {
    step: 'the checkout is open and the gateway knows',
    victim: 'gateway',
    answer: { arrow: 'events', asked: '/checkout' },
    left: { status: 'cancelled', charged: false },
  },
  {
    step: 'the card is charged',
    victim: 'gateway',
    answer: { arrow: 'payments', asked: '/charge' },
    left: { status: 'refunded', charged: false },
  },
  {
    step: 'the order is inserted',
    victim: 'events',
    answer: { arrow: 'postgres', asked: 'checkout-confirm' },
    left: { status: 'confirmed', charged: true },
  },
  {
    step: 'the hold is ended',
    victim: 'events',
    answer: { arrow: 'redis', after: { arrow: 'postgres', asked: 'checkout-confirm' } },
    left: { status: 'confirmed', charged: true },
  },
  {
    step: 'the order is confirmed to the gateway',
    victim: 'gateway',
    answer: { arrow: 'events', asked: '/confirm' },
    left: { status: 'confirmed', charged: true },
  },
]

const SEATS = 4
const NEVER = '600000'

describe.skipIf(!hasRedis)('a crash at any step of paying', () => {
  let cluster: Cluster
  let shop: Shop

  beforeAll(async () => {
    cluster = await startCluster({
      replicas: 1,
      environment: { GATEWAY_TIMEOUT_MS: '1500', RESERVATION_TTL: '4', RECONCILE_INTERVAL_MS: NEVER },
    })
    shop = createShop(cluster.gatewayUrl)
  })

  afterAll(() => cluster?.close())

  test.each(POINTS)('after $step, paying again answers the one order, charged once', async (point) => {
    const { eventId, reservationId } = await crash(point)

    const again = await shop.pay(reservationId)

    expect(again).toMatchObject({ status: 200, json: { order_id: reservationId, status: 'confirmed' } })
    expect(await ordersOf(reservationId)).toBe(1)
    expect(await shop.show(eventId)).toMatchObject({ json: { available: 0 } })
    const charges = (await ledgerOf(cluster, reservationId)).filter((entry) => entry.ledger === 'charge')
    expect(new Set(charges.map((entry) => entry.payment_ref)).size).toBe(1)
  })

  test('without a second payment, each ends as it must: ordered and charged, or neither, with the seats free', async () => {
    const crashed = []
    for (const point of POINTS) crashed.push({ point, ...(await crash(point)) })
    await restart('events', { RECONCILE_INTERVAL_MS: '100' })

    for (const { point, eventId, reservationId } of crashed) {
      const { status, charged } = point.left
      const settled = async () =>
        (await statusOf(reservationId)) === status && (await freeSeats(eventId)) !== undefined
      expect(await waitUntil(settled, 30_000), `${point.step}: ${await statusOf(reservationId)}`).toBe(true)
      const standing = (await ledgerOf(cluster, reservationId)).at(-1)?.ledger === 'charge'
      expect(standing, `${point.step}: a charge stands`).toBe(charged)
      expect(await shop.reserve(eventId, SEATS), point.step).toMatchObject({ status: charged ? 409 : 200 })
    }
    expect(await audit(cluster)).toEqual([])
  })

  /** Reserves all seats of an event and pays, until the step is done and its victim dead; then starts it again. */
  async function crash({ answer, victim }: CrashPoint): Promise<{ eventId: number; reservationId: string }> {
    const eventId = await addEvent()
    const { reservation_id: reservationId } = await shop.reserved(eventId, SEATS)
    const died = new Promise<void>((resolve, reject) => {
      let armed = answer.after === undefined
      if (answer.after) {
        cluster.arrows[answer.after.arrow].onAnswer = (_answer, asked) => {
          armed ||= asked.includes(answer.after?.asked as string)
          return true
        }
      }
      cluster.arrows[answer.arrow].onAnswer = (_answer, asked) => {
        if (!armed || (answer.asked && !asked.includes(answer.asked))) return true
        armed = false
        replicaOf(victim).kill().then(resolve, reject)
        return false
      }
    })

    const paid = shop.pay(reservationId).catch(() => undefined)
    await died
    expect((await paid)?.status ?? 500).toBeGreaterThanOrEqual(500)
    for (const arrow of Object.values(cluster.arrows)) arrow.onAnswer = undefined
    await restart(victim, {})
    return { eventId, reservationId }
  }

  async function restart(victim: Victim, environment: Record<string, string>): Promise<void> {
    await replicaOf(victim).kill()
    await replicaOf(victim).start(environment)
    const healthy = async () => (await shop.health().catch(() => undefined))?.status === 200
    expect(await waitUntil(healthy, 10_000), 'healthy after the restart').toBe(true)
  }

  function replicaOf(victim: Victim) {
    return victim === 'gateway' ? cluster.gateway : (cluster.events[0] as Cluster['gateway'])
  }

  async function addEvent(): Promise<number> {
    const { rows } = await cluster.postgres.query<{ id: number }>(
      `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
       VALUES ('Crash', 'Site', now(), $1, 500) RETURNING id`,
      [SEATS],
    )
    return (rows[0] as { id: number }).id
  }

  async function ordersOf(reservationId: string): Promise<number> {
    const { rowCount } = await cluster.postgres.query('SELECT FROM orders WHERE id = $1', [reservationId])
    return rowCount ?? 0
  }

  async function statusOf(reservationId: string): Promise<string> {
    const answer = await get<{ status: string }>(`${cluster.gatewayUrl}/reserve/${reservationId}`)
    return answer.json.status
  }

  /** What can be reserved; undefined while seats are held. */
  async function freeSeats(eventId: number): Promise<number | undefined> {
    const { rows } = await cluster.postgres.query<{ open: number }>(
      `SELECT count(*)::integer AS open FROM checkouts WHERE event_id = $1 AND state IN ('open', 'voiding')`,
      [eventId],
    )
    return rows[0]?.open === 0 ? (await shop.show(eventId)).json.available : undefined
  }
})
