import { freshRedis, noRedis } from '@quickticket/testing/stores'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hold, HoldStore } from '../src/hold-store.ts'
import { createMemoryHoldStore } from '../src/memory-hold-store.ts'
import { createRedisHoldStore } from '../src/redis-hold-store.ts'
import { lasting } from './hold-times.ts'

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
    soldHoldIds: fc.subarray(['a', 'b', 'c']),
  }),
  fc.record({ name: fc.constant('complete' as const), id, event, sold: seats }),
  fc.record({
    name: fc.constantFrom('prolong' as const, 'release' as const, 'take back' as const, 'find' as const),
    id,
  }),
  fc.record({ name: fc.constantFrom('count' as const, 'snapshot' as const) }),
)

type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never

/** What a call answers; the time that is left is the clock's, and ids are in no order. */
async function answer(store: HoldStore, call: Call): Promise<unknown> {
  switch (call.name) {
    case 'reserve': {
      const hold = { reservationId: call.id, eventId: call.event, quantity: call.quantity, totalCents: 100 }
      const result = await store.reserve(
        hold,
        { total: 10, sold: call.sold, soldHoldIds: call.soldHoldIds },
        lasting(600_000),
      )
      return { ...result, ...('remainingMs' in result && { remainingMs: result.remainingMs > 0 }) }
    }
    case 'complete':
      return store.complete({ reservationId: call.id, eventId: call.event, soldSeats: call.sold })
    case 'prolong':
      return timeless(await store.prolong(call.id, 1_200_000))
    case 'find':
      return timeless(await store.find(call.id))
    case 'take back':
      return store.takeBack([call.id])
    case 'release':
      return store.release(call.id)
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
        for (const each of calls) {
          expect({ call: each, answer: await answer(inMemory, each) }).toEqual({
            call: each,
            answer: (await answer(inRedis, each)) ?? undefined,
          })
        }
      }),
      { numRuns: 200 },
    )
    await inRedis.close()
  })
})
