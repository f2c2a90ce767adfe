import { Redis } from 'ioredis'
import type { Log } from './log.ts'

/** A client that reconnects for ever while its commands fail at once when Redis is away, or after `timeoutMs`. */
export function createRedis(options: { host: string; port: number; timeoutMs: number }, log: Log): Redis {
  const redis = new Redis({
    host: options.host,
    port: options.port,
    connectTimeout: Math.max(options.timeoutMs, 1000),
    commandTimeout: options.timeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
  })
  let connected = true
  redis.on('ready', () => {
    connected = true
    log.info('Redis connected')
  })
  redis.on('error', (error) => {
    if (connected) log.warn({ err: error }, 'Redis connection lost')
    connected = false
  })
  return redis
}
