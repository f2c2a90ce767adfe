import { once } from 'node:events'
import { buildApp } from '@quickticket/events/app'
import { variables } from '@quickticket/events/config'
import { connectPostgres, migrateDatabase } from '@quickticket/events/connections'
import type { HoldStore } from '@quickticket/events/hold-store'
import { createMemoryHoldStore } from '@quickticket/events/memory-hold-store'
import { createPaymentsClient } from '@quickticket/events/payments-client'
import { createRedisHoldStore } from '@quickticket/events/redis-hold-store'
import { loadConfig } from '@quickticket/kit/config'
import { createRedis } from '@quickticket/kit/redis'
import { tokenToSend } from '@quickticket/kit/service-token'
import type pg from 'pg'
import { inject } from 'vitest'
import { captureLog } from './captured-log.ts'
import { freshPostgres, freshRedis, noRedis } from './stores.ts'

export interface EventsAppOptions {
  env?: Record<string, string>
  /** where PostgreSQL or Redis are reached, when not directly */
  postgresPort?: number
  redisPort?: number
  /** makes the database of an empty one, in place of every migration */
  prepare?: (client: pg.Client) => Promise<unknown>
  /** puts something between the service and its holds */
  around?: (holds: HoldStore) => HoldStore
}

/** The events service with a database and holds of its own. */
export async function eventsApp(options: EventsAppOptions = {}) {
  const { env = {}, postgresPort, redisPort, prepare, around = (holds) => holds } = options
  const { pool, drop } = await freshPostgres(prepare)
  const config = loadConfig(variables, {
    RECONCILE_INTERVAL_MS: '600000',
    ...(await databaseVariables(pool)),
    ...(postgresPort && { DB_HOST: '127.0.0.1', DB_PORT: String(postgresPort) }),
    ...env,
  })
  const logs = captureLog(config.LOG_LEVEL, 'events')
  const holds = await freshHolds(redisPort)
  const app = await buildApp(config, '1.0.0', logs.log, {
    postgres: connectPostgres(config, logs.log),
    holds: around(holds),
    payments: createPaymentsClient(config.PAYMENTS_URL, tokenToSend(config.SERVICE_TOKEN)),
    migrate: (only) => migrateDatabase(config, logs.log, only),
  })
  return {
    app,
    logs,
    holds,
    /** to look into the database and to change it, past the service */
    pool,
    async close() {
      await app.close()
      await drop()
    },
  }
}

export type EventsApp = Awaited<ReturnType<typeof eventsApp>>

/** The variables that name the database of a pool. */
export async function databaseVariables(pool: pg.Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string }>('SELECT current_database() AS name')
  const url = new URL(inject('postgresUrl'))
  return {
    DB_HOST: url.hostname,
    DB_PORT: url.port,
    DB_NAME: rows[0]?.name as string,
    DB_USER: url.username,
    DB_PASS: url.password,
  }
}

/** Holds in Redis, or in memory where there is none. */
export async function freshHolds(port?: number): Promise<HoldStore> {
  if (noRedis) return createMemoryHoldStore()
  const empty = await freshRedis()
  const { db = 0 } = empty.options
  empty.disconnect()
  const url = new URL(inject('redisUrl'))
  const redis = createRedis(
    { host: port ? '127.0.0.1' : url.hostname, port: port ?? Number(url.port), timeoutMs: 1000 },
    captureLog().log,
  )
  await once(redis, 'ready')
  await redis.select(db)
  return createRedisHoldStore(redis)
}
