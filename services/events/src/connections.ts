import type { Log } from '@quickticket/kit/log'
import { createPostgres } from '@quickticket/kit/postgres'
import { postgresTls } from '@quickticket/kit/postgres-variables'
import { createRedis } from '@quickticket/kit/redis'
import { redisOptions } from '@quickticket/kit/redis-variables'
import type pg from 'pg'
import type { Config } from './config.ts'
import type { HoldStore } from './hold-store.ts'
import { createMemoryHoldStore } from './memory-hold-store.ts'
import { createRedisHoldStore } from './redis-hold-store.ts'

export function connectPostgres(config: Config, log: Log): pg.Pool {
  return createPostgres(
    {
      host: config.DB_HOST,
      port: config.DB_PORT,
      database: config.DB_NAME,
      user: config.DB_USER,
      password: config.DB_PASS,
      tls: postgresTls(config),
      maxConnections: config.DB_MAX_CONNS,
      acquireTimeoutMs: config.DB_ACQUIRE_TIMEOUT_MS,
      statementTimeoutMs: config.DB_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: config.DB_LOCK_TIMEOUT_MS,
    },
    log,
  )
}

export function connectHolds(config: Config, log: Log): HoldStore {
  if (config.HOLD_STORE === 'memory') {
    log.warn('holds are kept in this process: they end with it, and no second replica may run')
    return createMemoryHoldStore()
  }
  return createRedisHoldStore(createRedis(redisOptions(config), log))
}

/** Applies the migrations that the database lacks: these, or all. What it takes is loaded then, because few processes need it. */
export async function migrateDatabase(config: Config, log: Log, only?: string[]): Promise<void> {
  const [{ connect }, { migrateUp }] = await Promise.all([
    import('@quickticket/migrations/connect'),
    import('@quickticket/migrations/runner'),
  ])
  const client = await connect(config, log, 'quickticket-migrations')
  try {
    await migrateUp(client, log, only ? { only } : {})
  } finally {
    await client.end()
  }
}
