import { readFileSync } from 'node:fs'
import type { Redis, Result } from 'ioredis'
import {
  type Hold,
  type HoldState,
  type HoldStore,
  type ReserveResult,
  SOLD_MEMORY_MS,
} from './hold-store.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    qtReserve(...args: (string | number)[]): Result<[0 | 1, number], Context>
    qtProlong(id: string, minimumMs: number): Result<[string, string, string, number] | null, Context>
    qtFind(id: string): Result<[string, string, string, number, HoldState['state'] | ''] | null, Context>
    qtComplete(id: string, eventId: number, soldSeats: number, memoryMs: number): Result<null, Context>
    qtRelease(id: string): Result<0 | 1, Context>
    qtSweep(): Result<string[], Context>
    qtCount(): Result<number, Context>
    qtSnapshot(): Result<[string[], string[]], Context>
  }
}

const SCRIPTS = ['reserve', 'prolong', 'find', 'complete', 'release', 'sweep', 'count', 'snapshot']

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
      const [held, available] = await redis.qtReserve(...hold, total, sold, ttlMs, SOLD_MEMORY_MS, ...settled)
      return held ? { held: true } : { held: false, available }
    },
    async prolong(reservationId, minimumMs) {
      const found = await redis.qtProlong(reservationId, minimumMs)
      if (!found) return undefined
      return { ...asHold(reservationId, found), remainingMs: found[3] }
    },
    async find(reservationId) {
      const found = await redis.qtFind(reservationId)
      if (!found) return undefined
      return { ...asHold(reservationId, found), remainingMs: found[3], state: found[4] || 'held' }
    },
    async complete({ reservationId, eventId, soldSeats }) {
      await redis.qtComplete(reservationId, eventId, soldSeats, SOLD_MEMORY_MS)
    },
    release: async (reservationId) => (await redis.qtRelease(reservationId)) === 1,
    sweep: () => redis.qtSweep(),
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
    ping: () => redis.ping(),
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
