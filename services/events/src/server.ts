import { loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { createPostgres } from '@quickticket/kit/postgres'
import { createRedis } from '@quickticket/kit/redis'
import { run } from '@quickticket/kit/run'
import manifest from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { type Config, variables } from './config.ts'
import { createMemoryHoldStore } from './memory-hold-store.ts'
import { createPaymentsClient } from './payments-client.ts'
import { createRedisHoldStore } from './redis-hold-store.ts'

await run('events', async () => {
  const config = loadConfig(variables, process.env)
  const log = createLog('events', config.LOG_LEVEL)
  const postgres = createPostgres(
    {
      host: config.DB_HOST,
      port: config.DB_PORT,
      database: config.DB_NAME,
      user: config.DB_USER,
      password: config.DB_PASS,
      maxConnections: config.DB_MAX_CONNS,
      acquireTimeoutMs: config.DB_ACQUIRE_TIMEOUT_MS,
      statementTimeoutMs: config.DB_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: config.DB_LOCK_TIMEOUT_MS,
    },
    log,
  )
  const holds = config.HOLD_STORE === 'memory' ? createMemoryHoldStore() : redisHolds(config)
  const payments = createPaymentsClient(config.PAYMENTS_URL)
  const app = await buildApp(config, config.APP_VERSION || manifest.version, log, {
    postgres,
    holds,
    payments,
  })
  return { app, config, log }

  function redisHolds({ REDIS_HOST, REDIS_PORT, REDIS_TIMEOUT_MS }: Config) {
    return createRedisHoldStore(
      createRedis({ host: REDIS_HOST, port: REDIS_PORT, timeoutMs: REDIS_TIMEOUT_MS }, log),
    )
  }
})
