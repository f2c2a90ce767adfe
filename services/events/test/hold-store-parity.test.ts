import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hold, HoldStore } from '../src/hold-store.ts'
import { createMemoryHoldStore } from '../src/memory-hold-store.ts'
import { createRedisHoldStore } from '../src/redis-hold-store.ts'
import { freshRedis, noRedis } from './stores.ts'

const id = fc.constantFrom('a', 'b', 'c', 'd')
const event = fc.constantFrom(1, 2)
const seats = fc.integer({ min: 0, max: 10 })
const quantity = fc.integer({ min: 1, max: 4 })

const call = fc.oneof(
  fc.record({
    name: fc.constant('reserve' as const),
    id,
    event,
    quantity,
    sold: seats,
    settled: fc.subarray(['a', 'b', 'c']),
  }),
  fc.record({ name: fc.constant('complete' as const), id, event, sold: seats }),
  fc.record({ name: fc.constantFrom('prolong' as const, 'release' as const, 'find' as const), id }),
  fc.record({ name: fc.constantFrom('sweep' as const, 'count' as const, 'snapshot' as const) }),
)

type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never

/** What a call answers; the time that is left is the clock's, and ids are in no order. */
async function answer(store: HoldStore, call: Call, taken: Set<string>): Promise<unknown> {
  switch (call.name) {
    case 'reserve': {
      // reservations are named by a random number: none comes twice
      if (taken.has(call.id)) return undefined
      taken.add(call.id)
      const hold = { reservationId: call.id, eventId: call.event, quantity: call.quantity, totalCents: 100 }
      return store.reserve(hold, { total: 10, sold: call.sold, settled: call.settled }, 600_000)
    }
    case 'complete':
      return store.complete({ reservationId: call.id, eventId: call.event, soldSeats: call.sold })
    case 'prolong':
      return timeless(await store.prolong(call.id, 1_200_000))
    case 'find':
      return timeless(await store.find(call.id))
    case 'release':
      return store.release(call.id)
    case 'sweep':
      return (await store.sweep()).toSorted()
    case 'count':
      return store.count()
    case 'snapshot': {
      const { holds, heldByEvent } = await store.snapshot()
      const found = holds.map(
        ({ reservationId, eventId, quantity }) => `${reservationId} ${eventId} ${quantity}`,
      )
      return { holds: found.toSorted(), heldByEvent: [...heldByEvent].toSorted() }
    }
  }
}

function timeless(found: (Hold & { remainingMs: number; state?: string }) | undefined) {
  if (!found) return undefined
  const { reservationId, eventId, quantity, totalCents, state, remainingMs } = found
  return { reservationId, eventId, quantity, totalCents, state, remains: remainingMs > 0 }
}

describe.skipIf(noRedis)('the hold stores', () => {
  test('in memory and in Redis answer the same to the same calls', async () => {
    const redis = await freshRedis()
    const inRedis = createRedisHoldStore(redis)
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
        await redis.flushdb()
        const inMemory = createMemoryHoldStore()
        const [seenThere, seenHere] = [new Set<string>(), new Set<string>()]
        for (const each of calls) {
          expect({ call: each, answer: await answer(inMemory, each, seenHere) }).toEqual({
            call: each,
            answer: (await answer(inRedis, each, seenThere)) ?? undefined,
          })
        }
      }),
      { numRuns: 200 },
    )
    await inRedis.close()
  })
})
