import { loadConfig } from '@quickticket/kit/config'
import { type PostgresConfig, postgresTls, postgresVariables } from '@quickticket/kit/postgres-variables'
import pg from 'pg'
import type { Context } from '../context.ts'
import type { Store } from '../store/store.ts'
import { CannotTell } from '../verb.ts'

/** What no metric has: the sizes of the database, and the connections of all its clients. */
export interface DatabaseSample {
  /** milliseconds since 1970 */
  at: number
  databaseBytes: number
  /** with indexes, by the name of the table */
  tableBytes: Record<string, number>
  connections: number
  maxConnections: number
}

const TIMEOUT_MS = 5000
/** Samples that follow each other sooner are one: they would count as more than they know. */
const SPACING_MS = 5 * 60_000
/** A year of hourly samples. */
const MOST_SAMPLES = 8760

/**
 * Asks the database, in a read-only transaction, and keeps the answer for later fits.
 *
 * @throws {CannotTell} when the database cannot be asked
 * @throws {ConfigError} when a DB_* variable is wrong
 */
export async function sampleDatabase({ env, system, store, now }: Context): Promise<DatabaseSample> {
  if (system !== 'compose' && !env.DB_HOST) {
    throw new CannotTell(
      'The sizes of the database are in no metric, and DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASS do not name it',
      'the environment',
    )
  }
  const config = loadConfig(postgresVariables, { DB_HOST: '127.0.0.1', ...env })
  const sample = { at: now(), ...(await askDatabase(config)) }
  store.transaction(() => {
    store.run("DELETE FROM evidence WHERE kind = 'database' AND at > ?", sample.at - SPACING_MS)
    store.run(
      "INSERT INTO evidence (kind, at, data) VALUES ('database', ?, ?)",
      sample.at,
      JSON.stringify(sample),
    )
    store.run(
      `DELETE FROM evidence WHERE kind = 'database' AND id NOT IN
        (SELECT id FROM evidence WHERE kind = 'database' ORDER BY at DESC LIMIT ${MOST_SAMPLES})`,
    )
  })
  return sample
}

/** The samples of this run and of earlier ones, oldest first. */
export function databaseSamples(store: Store, sinceMs: number): DatabaseSample[] {
  return store
    .all<{ data: string }>(
      "SELECT data FROM evidence WHERE kind = 'database' AND at >= ? ORDER BY at",
      sinceMs,
    )
    .map(({ data }) => JSON.parse(data) as DatabaseSample)
}

async function askDatabase(config: PostgresConfig): Promise<Omit<DatabaseSample, 'at'>> {
  const client = new pg.Client({
    host: config.DB_HOST,
    port: config.DB_PORT,
    database: config.DB_NAME,
    user: config.DB_USER,
    password: config.DB_PASS,
    ssl: postgresTls(config),
    connectionTimeoutMillis: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    query_timeout: 2 * TIMEOUT_MS,
    application_name: 'sre capacity',
    options: '-c default_transaction_read_only=on',
  })
  // an error between two queries; the next one rejects
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<Row>(SIZES)
    const [row] = rows
    if (!row) throw new Error('it has no answer')
    return {
      databaseBytes: Number(row.database_bytes),
      tableBytes: row.table_bytes ?? {},
      connections: row.connections,
      maxConnections: row.max_connections,
    }
  } catch (error) {
    const { message, errors = [] } = error as Error & { errors?: Error[] }
    throw new CannotTell(
      `The database does not tell its sizes: ${message || errors[0]?.message}`,
      `PostgreSQL at ${config.DB_HOST}:${config.DB_PORT} (${config.DB_NAME})`,
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}

const SIZES = `
  SELECT pg_database_size(current_database()) AS database_bytes,
         (SELECT json_object_agg(relname, pg_total_relation_size(relid)) FROM pg_stat_user_tables
           WHERE schemaname = 'public') AS table_bytes,
         (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'
           AND pid <> pg_backend_pid()) AS connections,
         current_setting('max_connections')::int AS max_connections`

interface Row {
  database_bytes: string
  table_bytes: Record<string, number> | null
  connections: number
  max_connections: number
}
