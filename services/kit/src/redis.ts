import { Redis } from 'ioredis'
import type { Log } from './log.ts'

export interface RedisOptions {
  host: string
  port: number
  /** how long a command may take, in milliseconds */
  timeoutMs: number
  /**
   * how long a connection may owe an answer before it is replaced, in milliseconds: a machine that has vanished ends no
   * connection, and TCP alone would hold on to it for a quarter of an hour
   */
  silenceMs?: number
}

/** A client that reconnects for ever while its commands fail at once when Redis is away, or after `timeoutMs`. */
export function createRedis(options: RedisOptions, log: Log): Redis {
  const connectTimeout = Math.max(options.timeoutMs, 1000)
  const redis = new Redis({
    host: options.host,
    port: options.port,
    connectTimeout,
    commandTimeout: options.timeoutMs,
    // longer than a command: a slow Redis is not one that has vanished
    socketTimeout: options.silenceMs ?? 3 * connectTimeout,
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
