import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROKEN, readGoldenTrace } from '../src/model/golden.ts'
import { type Replay, type ReplayOptions, replay } from '../src/model/replay.ts'
import { type ReplaySystem, startReplaySystem } from '../src/model/replay-system.ts'

interface Expected extends Partial<Omit<ReplayOptions, 'scenario'>> {
  /** the steps that the safeguard does not let happen */
  refused?: string[]
  charges?: number
}

const EXPECTED: Record<string, Expected> = {
  'as-before': { refused: ['B pay.commit'] },
  'no-expiry-check': { refused: ['B pay.commit'] },
  // its checkout has expired by then
  'no-hold-outlives-checkout': { refused: ['B pay.commit'] },
  'no-database-check': { refused: ['A pay.commit'] },
  'no-one-order': { refused: ['A pay.charge', 'A pay.check', 'A pay.commit'] },
  'no-idempotent-charge': { charges: 1 },
  'no-intent-before-charge': { refused: ['A pay.charge'], charges: 0 },
  // two ticks are later than the charge may be
  'no-charge-before': { tickMs: 300, chargeWithinMs: 500, charges: 0 },
  // and void again
  'no-last-void': { charges: 1 },
  // later than a reservation may be
  'no-reserve-deadline': { tickMs: 3000 },
  'no-abandon-first': { refused: ['A pay.commit'] },
}

describe('the real services keep their promises on the trace', () => {
  let system: ReplaySystem
  beforeAll(async () => {
    system = await startReplaySystem()
  }, 120_000)
  afterAll(() => system?.close())

  test.each(Object.entries(BROKEN))('%s', { timeout: 60_000 }, async (name, { scenario }) => {
    const { refused = [], charges, ...options } = EXPECTED[name] ?? {}
    const result = await replay(system, readGoldenTrace(name), { scenario, ...options })
    expect(result.refused).toEqual(refused)
    expectSeats(result, scenario === 'twice' || scenario === 'money' ? 2 : 1, scenario === 'loss')
    expectMoney(result)
    if (charges !== undefined) expect(result.end.reservations[0]?.charges).toBe(charges)
    if (name === 'no-take-back') expect(result.failed).toBe(504)
  })

  test('and break them when the safeguard is missing in their database', async () => {
    const { rows } = await system.postgres.query<{ text: string }>(
      `SELECT pg_get_functiondef('confirm_order'::regproc) AS text`,
    )
    const confirmOrder = (rows[0] as { text: string }).text
    const check = 'clock_timestamp() >= checkout.expires_at'
    expect(confirmOrder).toContain(check)
    await system.postgres.query(confirmOrder.replace(check, 'false'))

    const { seen } = await replay(system, readGoldenTrace('no-expiry-check'), { scenario: 'sale' })

    await system.postgres.query(confirmOrder)
    expect(seen.at(-1)).toMatchObject({ sold: 1, held: 1 })
  })
})

/** Promises 1 and 2. */
function expectSeats({ seen, end, failed }: Replay, total: number, redisIsLost: boolean): void {
  for (const [index, { sold, held }] of seen.entries())
    expect(sold + (redisIsLost ? 0 : held), `after step ${index + 1}`).toBeLessThanOrEqual(total)
  expect(end.held).toBe(0)
  if (failed !== undefined) expect(seen.at(-1)?.held).toBe(0)
}

/** Promises 3 and 4. */
function expectMoney({ end }: Replay): void {
  expect(end.sold).toBe(end.reservations.reduce((sum, { orders }) => sum + orders, 0))
  for (const { orders, standing, checkout } of end.reservations) {
    expect(orders).toBeLessThanOrEqual(1)
    expect(standing).toBe(orders === 1)
    expect([null, 'confirmed', 'voided']).toContain(checkout)
  }
}
