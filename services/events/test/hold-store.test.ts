import { randomUUID } from 'node:crypto'
import { freshRedis, noRedis } from '@quickticket/testing/stores'
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HoldStore } from '../src/hold-store.ts'
import { createMemoryHoldStore } from '../src/memory-hold-store.ts'
import { createRedisHoldStore } from '../src/redis-hold-store.ts'
import { lasting } from './hold-times.ts'

const EVENT = 1
const TOTAL = 12

async function idsOf(store: HoldStore): Promise<string[]> {
  return (await store.snapshot()).holds.map(({ reservationId }) => reservationId).toSorted()
}

/** A store, and a way to let a hold run out that does not wait for it. */
interface Subject {
  store: HoldStore
  /** short where expiring moves the clock, so that nothing read is older than what is remembered */
  ttlMs: number
  expire(reservationId: string): Promise<void>
  reset(): Promise<void>
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('read' as const), actor: fc.nat(3) }),
  fc.record({ kind: fc.constant('recount' as const), actor: fc.nat(3) }),
  fc.record({
    kind: fc.constant('reserve' as const),
    actor: fc.nat(3),
    quantity: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ kind: fc.constant('commit' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('complete' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('release' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('expire' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('reserve exactly' as const), quantity: fc.integer({ min: 1, max: 5 }) }),
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/**
 * Buyers whose steps come in any order: what PostgreSQL says is read, and used later; a sale is committed, and its
 * hold is ended later. The model is the truth that no single step can see.
 */
async function followSteps({ store, ttlMs, expire }: Subject, steps: Step[]): Promise<void> {
  let sold = 0
  const held = new Map<string, number>()
  const committed = new Map<string, { quantity: number; soldSeats: number }>()
  const known = new Map<number, { total: number; sold: number; soldHoldIds: string[] }>()
  const heldSeats = () => [...held.values()].reduce((sum, quantity) => sum + quantity, 0)
  const pick = <Key>(map: Map<Key, unknown>, index: number) => [...map.keys()][index % Math.max(map.size, 1)]
  const recount = async () => ({
    total: TOTAL,
    soldHoldIds: [...committed.keys()],
    sold,
  })
  const reserve = async (quantity: number, seats: { total: number; sold: number; soldHoldIds: string[] }) => {
    const hold = { reservationId: randomUUID(), eventId: EVENT, quantity, totalCents: quantity * 100 }
    const result = await store.reserve(hold, seats, lasting(ttlMs))
    if (result.outcome === 'held') held.set(hold.reservationId, quantity)
    return result
  }

  for (const now of steps) {
    if (now.kind === 'read') known.set(now.actor, { total: TOTAL, sold, soldHoldIds: [] })
    if (now.kind === 'recount') known.set(now.actor, await recount())
    if (now.kind === 'reserve')
      await reserve(now.quantity, known.get(now.actor) ?? { total: TOTAL, sold, soldHoldIds: [] })
    if (now.kind === 'reserve exactly') {
      const free = TOTAL - sold - heldSeats()
      const result = await reserve(now.quantity, await recount())
      expect(result).toMatchObject(
        free >= now.quantity ? { outcome: 'held' } : { outcome: 'sold_out', available: free },
      )
    }
    if (now.kind === 'commit') {
      const id = pick(held, now.pick)
      if (id === undefined) continue
      sold += held.get(id) as number
      committed.set(id, { quantity: held.get(id) as number, soldSeats: sold })
      held.delete(id)
    }
    if (now.kind === 'complete') {
      const id = pick(committed, now.pick)
      if (id === undefined) continue
      await store.complete({
        reservationId: id,
        eventId: EVENT,
        soldSeats: committed.get(id)?.soldSeats as number,
      })
      committed.delete(id)
    }
    if (now.kind === 'release') {
      const id = pick(held, now.pick)
      if (id === undefined) continue
      expect(await store.release(id)).toBe(true)
      expect(await store.release(id)).toBe(false)
      held.delete(id)
    }
    if (now.kind === 'expire') {
      const id = pick(held, now.pick)
      if (id === undefined) continue
      await expire(id)
      held.delete(id)
      expect((await store.find(id))?.state).toBe('expired')
    }
    expect(sold + heldSeats(), 'seats sold and held').toBeLessThanOrEqual(TOTAL)
  }

  for (const [reservationId, { soldSeats }] of committed) {
    await store.complete({ reservationId, eventId: EVENT, soldSeats })
  }
  expect(await idsOf(store)).toEqual([...held.keys()].toSorted())
  expect(await store.count()).toBe(held.size)
  expect((await store.snapshot()).heldByEvent.get(EVENT) ?? 0).toBe(heldSeats())
}

function behavesLikeTheModel(name: string, create: () => Promise<Subject>, runs: number): void {
  test(`${name}: whatever the order of steps, no more seats are sold and held than there are, and none is lost`, async () => {
    const subject = await create()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
        await subject.reset()
        await followSteps(subject, steps)
      }),
      { numRuns: runs },
    )
    await subject.store.close()
  })
}

describe('the hold store in memory', () => {
  behavesLikeTheModel('in memory', inMemory, 1000)
})

describe.skipIf(noRedis)('the hold store in Redis', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await freshRedis()
  })
  afterAll(() => redis.disconnect())

  behavesLikeTheModel('in Redis', async () => inRedis(await freshRedis()), 300)

  test('a hold is prolonged, never shortened', async () => {
    const store = createRedisHoldStore(redis)
    const hold = { reservationId: 'a', eventId: 9, quantity: 2, totalCents: 200 }
    await store.reserve(hold, { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))
    expect(await store.prolong('a', 1)).toMatchObject({ ...hold, remainingMs: expect.closeTo(60_000, -3) })
    expect(await store.prolong('a', 120_000)).toMatchObject({
      ...hold,
      remainingMs: expect.closeTo(120_000, -3),
    })
    expect(await store.prolong('unknown', 1)).toBeUndefined()
  })

  test('what became of a hold is remembered for an hour', async () => {
    const store = createRedisHoldStore(redis)
    const hold = { reservationId: 'b', eventId: 9, quantity: 1, totalCents: 100 }
    await store.reserve(hold, { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))
    await store.release('b')
    expect(await store.find('b')).toMatchObject({ ...hold, state: 'released', remainingMs: 0 })
    expect(await redis.ttl('reservation:b')).toBeGreaterThan(3500)
  })

  test('losing everything loses holds, and nothing else', async () => {
    const store = createRedisHoldStore(redis)
    await redis.flushdb()
    expect(await store.count()).toBe(0)
    expect(await store.release('b')).toBe(false)
    const hold = { reservationId: 'c', eventId: 9, quantity: 5, totalCents: 500 }
    expect(await store.reserve(hold, { total: 5, sold: 0, soldHoldIds: [] }, lasting(60_000))).toMatchObject({
      outcome: 'held',
    })
  })
})

async function inMemory(): Promise<Subject> {
  let now = 0
  const subject: Subject = {
    store: createMemoryHoldStore(() => now),
    ttlMs: 10,
    /** The others are prolonged first, so that only this one runs out. */
    async expire(id) {
      const remainingMs = (await subject.store.find(id))?.remainingMs as number
      for (const other of await idsOf(subject.store)) {
        if (other !== id) await subject.store.prolong(other, remainingMs + 1)
      }
      now += remainingMs
    },
    async reset() {
      subject.store = createMemoryHoldStore(() => now)
    },
  }
  return subject
}

async function inRedis(redis: Redis): Promise<Subject> {
  return {
    store: createRedisHoldStore(redis),
    ttlMs: 600_000,
    expire: async (id) => void (await redis.zadd('holds', 'XX', 1, id)),
    reset: async () => void (await redis.flushdb()),
  }
}
