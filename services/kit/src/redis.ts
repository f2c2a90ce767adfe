import { Redis } from 'ioredis'
import type { Log } from './log.ts'

export interface RedisOptions {
  host: string
  port: number
  /** for servers with access control lists; empty: the default user */
  user?: string
  /** empty: the server requires none */
  password?: string
  /** `ca`: certificates in PEM that vouch for the server, in place of those that Node.js trusts */
  tls?: { ca?: string } | undefined
  /** how long a command may take, in milliseconds */
  timeoutMs: number
  /**
   * how long a connection may owe an answer before it is replaced, in milliseconds: a machine that has vanished ends no
   * connection, and TCP alone would hold on to it for a quarter of an hour
   */
  silenceMs?: number
}

/** A client that reconnects without limit. While Redis is away its commands fail at once, otherwise after `timeoutMs`. */
export function createRedis(options: RedisOptions, log: Log): Redis {
  const connectTimeout = Math.max(options.timeoutMs, 1000)
  const redis = new Redis({
    host: options.host,
    port: options.port,
    ...(options.user && { username: options.user }),
    ...(options.password && { password: options.password }),
    ...(options.tls && { tls: options.tls }),
    connectTimeout,
    commandTimeout: options.timeoutMs,
    // longer than a command: a slow Redis is not one that has vanished
    socketTimeout: options.silenceMs ?? 3 * connectTimeout,
    // for a connection that only listens; a command that is not answered is noticed before
    keepAlive: 10_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
    reconnectOnError,
  })
  let logged: 'nothing' | 'connected' | 'lost' = 'nothing'
  let readOnlySaidAt = Number.NEGATIVE_INFINITY
  redis.on('ready', () => {
    if (logged !== 'connected') log.info('Redis connected')
    logged = 'connected'
  })
  redis.on('error', (error) => {
    if (logged !== 'lost') log.warn({ err: error }, 'Redis connection lost')
    logged = 'lost'
  })
  return redis

  /** A replica answers READONLY as long as the connection lives, while its successor may have taken over the address. */
  function reconnectOnError(error: Error): boolean {
    if (!READ_ONLY.test(error.message)) return false
    // as long as it is one, each command that writes leads here
    if (performance.now() - readOnlySaidAt > SAY_AGAIN_MS) {
      log.warn({ err: error }, 'Redis is a read-only replica: connecting again')
      readOnlySaidAt = performance.now()
    }
    return true
  }
}

// Redis 6 puts its own words before the code when the command was one of a script
const READ_ONLY = /^(READONLY\b|ERR Error running script.*-READONLY\b)/
const SAY_AGAIN_MS = 60_000
