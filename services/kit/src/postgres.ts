import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import type { Log } from './log.ts'
import { READ_ONLY } from './postgres-problem.ts'

export interface PostgresOptions {
  host: string
  port: number
  database: string
  user: string
  password: string
  /** `false`: unencrypted, as by default */
  tls?: ConnectionOptions | false
  maxConnections: number
  /** how long a query may wait for a connection, in milliseconds */
  acquireTimeoutMs: number
  /** how long a statement may run, in milliseconds */
  statementTimeoutMs: number
  /** how long a statement may wait for a lock, in milliseconds */
  lockTimeoutMs: number
}

/** A pool that connects at its first query, queues while all connections are busy, and survives restarts of the server. */
export function createPostgres(options: PostgresOptions, log: Log): pg.Pool {
  const pool = new pg.Pool({
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    password: options.password,
    ssl: options.tls ?? false,
    max: options.maxConnections,
    connectionTimeoutMillis: options.acquireTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.statementTimeoutMs,
    // statement_timeout strikes first; this one is for a server that has stopped answering
    query_timeout: options.statementTimeoutMs + 500,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // the system's own delay is two hours; a vanished server would cost each idle connection's next request its timeout
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'quickticket',
  })
  pool.on('error', (error) => log.warn({ err: error }, 'lost an idle PostgreSQL connection'))
  leaveReadOnlyServers(pool, log)
  return pool
}

/**
 * A server that refuses writes but keeps its connections would keep them busy without end, while its successor may
 * have taken over the address. With its first refusal all of them end: those in use with the end of their query.
 */
function leaveReadOnlyServers(pool: pg.Pool, log: Log): void {
  let generation = 0
  let leftAt = Number.NEGATIVE_INFINITY
  const generations = new WeakMap<pg.PoolClient, number>()
  pool.on('connect', (client) => generations.set(client, generation))
  pool.on('release', (error: unknown, client) => {
    const isCurrent = generations.get(client) === generation
    if (isCurrent && isReadOnly(error)) {
      if (performance.now() - leftAt < BETWEEN_LEAVINGS_MS) return
      leftAt = performance.now()
      generation++
      log.warn({ err: error }, 'PostgreSQL is read-only: connecting again')
      for (let idle = pool.idleCount; idle > 0; idle--) {
        pool.connect().then(
          (taken) => taken.release(),
          () => undefined,
        )
      }
    } else if (!isCurrent) {
      // the pool does not keep a connection that is about to end
      void client.end()
    }
  })
}

/** After a failover, the address may still lead to the old server for a while. */
const BETWEEN_LEAVINGS_MS = 1000

function isReadOnly(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === READ_ONLY
}

/**
 * Asks PostgreSQL `statement`, for health checks; rejects with the driver's error. While every connection is busy and answers
 * come, they are the proof: a statement that queues behind them would call a busy database a dead one.
 */
export function createPing(pool: pg.Pool, statement = 'SELECT 1'): () => Promise<void> {
  let lastAnswer = Number.NEGATIVE_INFINITY
  pool.on('release', (error) => {
    if (!error) lastAnswer = performance.now()
  })
  return async () => {
    if (pool.waitingCount > 0 && performance.now() - lastAnswer < RECENT_MS) return
    await pool.query(statement)
  }
}

const RECENT_MS = 1000
