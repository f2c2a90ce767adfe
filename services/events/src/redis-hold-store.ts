import { readFileSync } from 'node:fs'
import type { Redis, Result } from 'ioredis'
import { type HoldStore, type ReserveResult, SOLD_MEMORY_MS } from './hold-store.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    qtReserve(...args: (string | number)[]): Result<[0 | 1, number], Context>
    qtProlong(id: string, minimumMs: number): Result<[string, string, string, number] | null, Context>
    qtComplete(id: string, eventId: number, soldSeats: number, memoryMs: number): Result<null, Context>
    qtRelease(id: string): Result<0 | 1, Context>
    qtSweep(): Result<string[], Context>
    qtCount(): Result<number, Context>
  }
}

const SCRIPTS = ['reserve', 'prolong', 'complete', 'release', 'sweep', 'count']

/** Holds in Redis, one Lua script a step; its keys are described in redis/holds.lua. */
export function createRedisHoldStore(redis: Redis): HoldStore {
  for (const name of SCRIPTS) {
    redis.defineCommand(`qt${name[0]?.toUpperCase()}${name.slice(1)}`, {
      numberOfKeys: 0,
      lua: read('holds') + read(name),
    })
  }
  return {
    async reserve(
      { reservationId, eventId, quantity, totalCents },
      { total, sold, settled },
      ttlMs,
    ): Promise<ReserveResult> {
      const hold = [reservationId, eventId, quantity, totalCents]
      const [held, available] = await redis.qtReserve(...hold, total, sold, ttlMs, ...settled)
      return held ? { held: true } : { held: false, available }
    },
    async prolong(reservationId, minimumMs) {
      const found = await redis.qtProlong(reservationId, minimumMs)
      if (!found) return undefined
      const [eventId, quantity, totalCents, remainingMs] = found
      return {
        reservationId,
        eventId: Number(eventId),
        quantity: Number(quantity),
        totalCents: Number(totalCents),
        remainingMs,
      }
    },
    async complete({ reservationId, eventId, soldSeats }) {
      await redis.qtComplete(reservationId, eventId, soldSeats, SOLD_MEMORY_MS)
    },
    release: async (reservationId) => (await redis.qtRelease(reservationId)) === 1,
    sweep: () => redis.qtSweep(),
    count: () => redis.qtCount(),
    ping: () => redis.ping(),
    async close() {
      redis.disconnect()
    },
  }
}

function read(script: string): string {
  return readFileSync(new URL(`./redis/${script}.lua`, import.meta.url), 'utf8')
}
