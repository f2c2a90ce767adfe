import { readFileSync } from 'node:fs'
import { traceScript } from '@quickticket/kit/tracing/redis-script'
import type { Redis, Result } from 'ioredis'
import { type Hold, type HoldState, type HoldStore, type ReserveResult, SOLD_TTL_MS } from './hold-store.ts'
import { createServerClock } from './server-clock.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    qtReserve(...args: (string | number)[]): Result<[ReserveResult['outcome'], number, number], Context>
    qtProlong(id: string, minimumMs: number): Result<[string, string, string, number] | null, Context>
    qtTakeBack(...ids: string[]): Result<null, Context>
    qtFind(id: string): Result<[string, string, string, number, HoldState['state'] | ''] | null, Context>
    qtComplete(id: string, eventId: number, soldSeats: number, memoryMs: number): Result<null, Context>
    qtRelease(id: string): Result<0 | 1, Context>
    qtCount(): Result<number, Context>
    qtSnapshot(): Result<[string[], string[]], Context>
  }
}

const SCRIPTS = {
  qtReserve: 'reserve',
  qtProlong: 'prolong',
  qtTakeBack: 'take_back',
  qtFind: 'find',
  qtComplete: 'complete',
  qtRelease: 'release',
  qtCount: 'count',
  qtSnapshot: 'snapshot',
}

/** Holds in Redis, one Lua script a step; its keys are described in redis/holds.lua. */
export function createRedisHoldStore(redis: Redis): HoldStore {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    redis.defineCommand(name, { numberOfKeys: 0, lua: read('holds') + read(script) })
    traceScript(redis, name, script)
  }
  const clock = createServerClock(redis)

  return {
    async reserve(
      { reservationId, eventId, quantity, totalCents },
      { total, sold, soldHoldIds },
      { ttlMs, maxExtensionMs, deadline },
    ): Promise<ReserveResult> {
      const hold = [reservationId, eventId, quantity, totalCents]
      for (;;) {
        const askedAt = performance.now()
        const last = await clock.at(deadline)
        const times = [ttlMs, maxExtensionMs, SOLD_TTL_MS, last]
        const [outcome, number, now] = await redis.qtReserve(...hold, total, sold, ...times, ...soldHoldIds)
        // only the clock of Redis was ahead of what was known of it
        const again = outcome === 'late' && askedAt < deadline && clock.isAhead(now)
        clock.learn(now)
        if (again) continue
        if (outcome === 'held') return { outcome, remainingMs: number }
        return outcome === 'sold_out' ? { outcome, available: number } : { outcome }
      }
    },
    async prolong(reservationId, minimumMs) {
      const found = await redis.qtProlong(reservationId, minimumMs)
      if (!found) return undefined
      return { ...asHold(reservationId, found), remainingMs: found[3] }
    },
    async takeBack(reservationIds) {
      await redis.qtTakeBack(...reservationIds)
    },
    async find(reservationId) {
      const found = await redis.qtFind(reservationId)
      if (!found) return undefined
      return { ...asHold(reservationId, found), remainingMs: found[3], state: found[4] || 'held' }
    },
    async complete({ reservationId, eventId, soldSeats }) {
      await redis.qtComplete(reservationId, eventId, soldSeats, SOLD_TTL_MS)
    },
    release: async (reservationId) => (await redis.qtRelease(reservationId)) === 1,
    count: () => redis.qtCount(),
    async snapshot() {
      const [holds, counters] = await redis.qtSnapshot()
      return {
        holds: inGroups(holds, 3).map(([reservationId = '', eventId, quantity]) => ({
          reservationId,
          eventId: Number(eventId),
          quantity: Number(quantity),
        })),
        heldByEvent: new Map(
          inGroups(counters, 2).map(([key, seats]) => [Number(key?.split(':')[1]), Number(seats)]),
        ),
      }
    },
    // writes nothing, for there is no such key, and is refused when a write would be: by a replica, or for lack of memory
    ping: () => redis.set('quickticket:nothing', '', 'XX'),
    async close() {
      redis.disconnect()
    },
  }
}

function asHold(reservationId: string, [eventId, quantity, totalCents]: readonly unknown[]): Hold {
  return {
    reservationId,
    eventId: Number(eventId),
    quantity: Number(quantity),
    totalCents: Number(totalCents),
  }
}

function inGroups(flat: string[], size: number): string[][] {
  return Array.from({ length: flat.length / size }, (_, index) =>
    flat.slice(index * size, (index + 1) * size),
  )
}

function read(script: string): string {
  return readFileSync(new URL(`./redis/${script}.lua`, import.meta.url), 'utf8')
}
