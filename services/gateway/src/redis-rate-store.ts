import { randomUUID } from 'node:crypto'
import type { Log } from '@quickticket/kit/log'
import type { Redis, Result } from 'ioredis'
import { createRateStore, type RateStore } from './rate-limit.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    qtAdmit(path: string, limit: number, member: string): Result<[0 | 1, number], Context>
  }
}

// ARGV: path, limit, a name for the request; returns {1 when admitted, room that is left}
const ADMIT = `
  local key = 'rate:' .. ARGV[1]
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - 1000000)
  local used = redis.call('ZCARD', key)
  local limit = tonumber(ARGV[2])
  if used >= limit then
    return { 0, 0 }
  end
  redis.call('ZADD', key, now, ARGV[3])
  redis.call('PEXPIRE', key, 1000)
  return { 1, limit - used - 1 }
`

/** One exact sliding window a path for all replicas. Without Redis each replica goes by its own count, with a warning. */
export function createRedisRateStore(redis: Redis, limitRps: number, log: Log): RateStore {
  redis.defineCommand('qtAdmit', { numberOfKeys: 0, lua: ADMIT })
  const own = createRateStore(limitRps)
  const process = randomUUID()
  let requests = 0
  let warned = false
  return {
    async admit(path) {
      try {
        const [admitted, remaining] = await redis.qtAdmit(path, limitRps, `${process}:${requests++}`)
        warned = false
        return { admitted: admitted === 1, remaining }
      } catch (error) {
        if (!warned) log.warn({ err: error }, 'rate limit is not shared: each replica counts for itself')
        warned = true
        return own.admit(path)
      }
    },
  }
}
