import { randomUUID } from 'node:crypto'
import type { Log } from '@quickticket/kit/log'
import { traceScript } from '@quickticket/kit/tracing/redis-script'
import type { Redis, Result } from 'ioredis'
import { createRateStore, type RateStore } from './rate-limit.ts'
import { createRedisFallback } from './redis-fallback.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    qtAdmit(path: string, limit: number, member: string): Result<[0 | 1, number], Context>
  }
}

// ARGV: path, limit, an id of the request; returns {1 when admitted, remaining room}
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

/**
 * One exact sliding window per path for all replicas. While Redis fails each replica counts for itself and logs a warning;
 * only the first request waits for the timeout.
 */
export function createRedisRateStore(redis: Redis, limitRps: number, log: Log): RateStore {
  redis.defineCommand('qtAdmit', { numberOfKeys: 0, lua: ADMIT })
  traceScript(redis, 'qtAdmit', 'admit')
  const fallback = createRedisFallback('rate limit', log)
  const own = createRateStore(limitRps)
  const process = randomUUID()
  let requests = 0
  return {
    async admit(path) {
      const answer = await fallback.ask(() => redis.qtAdmit(path, limitRps, `${process}:${requests++}`))
      if (!answer) return own.admit(path)
      const [admitted, remaining] = answer
      return { admitted: admitted === 1, remaining }
    },
  }
}
