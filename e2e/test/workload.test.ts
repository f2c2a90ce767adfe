import { hasRedis } from '@quickticket/testing/store-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../src/faults/audit.ts'
import { type Cluster, startCluster } from '../src/faults/cluster.ts'
import { runTrial } from '../src/faults/trial.ts'
import { createShop } from '../src/shop.ts'

const SEED = 20_261

describe.skipIf(!hasRedis)('many buyers', () => {
  test('never see anything that should not be, whatever fails meanwhile', async () => {
    const { anomalies, history, orders } = await runTrial({ seed: SEED, durationMs: 20_000 })

    expect(anomalies).toEqual([])
    expect(orders).toBeGreaterThan(0)
    expect(history.strikes.length).toBeGreaterThan(5)
  }, 180_000)

  describe('of a hot event', () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await startCluster()
    })
    afterAll(() => cluster?.close())

    test('500 of them race for 100 seats: 100 are sold, the others hear that they are gone', async () => {
      const { rows } = await cluster.postgres.query<{ id: number }>(
        `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
         VALUES ('Hot', 'Stage', now(), 100, 9900) RETURNING id`,
      )
      const eventId = (rows[0] as { id: number }).id
      const shop = createShop(cluster.gatewayUrl)

      const outcomes = await Promise.all(
        Array.from({ length: 500 }, async () => {
          const reserved = await shop.reserve(eventId, 1)
          if (reserved.status !== 200) return `reserve ${reserved.status}`
          return `pay ${(await shop.pay(reserved.json.reservation_id)).status}`
        }),
      )

      const counts = Object.fromEntries(
        [...Map.groupBy(outcomes, (one) => one)].map(([one, all]) => [one, all.length]),
      )
      expect(counts).toEqual({ 'pay 200': 100, 'reserve 409': 400 })
      expect(await shop.show(eventId)).toMatchObject({ json: { available: 0 } })
      expect(await audit(cluster)).toEqual([])
    })
  })
})
