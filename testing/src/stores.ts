import { randomUUID } from 'node:crypto'
import { createLog } from '@quickticket/kit/log'
import { migrateUp } from '@quickticket/migrations/runner'
import { Redis } from 'ioredis'
import pg from 'pg'
import { inject } from 'vitest'

export const quiet = createLog('test', 'silent')

/** Whether there is no Redis, so that tests which need one are skipped. */
export const noRedis = inject('redisUrl') === ''

export interface Database {
  client: pg.Client
  /** one more connection, by default to this database; it ends with the database */
  connect(name?: string): Promise<pg.Client>
  url: string
  /** the variables that name it */
  variables: Record<string, string>
  drop(): Promise<void>
}

/** An empty database, or one with all that another one has, which must have no connections. */
export async function emptyDatabase(template?: string): Promise<Database> {
  const url = new URL(inject('postgresUrl'))
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name} ${template ? `TEMPLATE ${template} STRATEGY file_copy` : ''}`)
  url.pathname = `/${name}`
  const clients: pg.Client[] = []

  async function connect(database = name): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: new URL(`/${database}`, url).href })
    await client.connect()
    clients.push(client)
    return client
  }

  return {
    client: await connect(),
    connect,
    url: url.href,
    variables: {
      DB_HOST: url.hostname,
      DB_PORT: url.port,
      DB_NAME: name,
      DB_USER: url.username,
      DB_PASS: url.password,
    },
    async drop() {
      await Promise.all(clients.map((client) => client.end()))
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}

/** A database without events: with every migration, or what else `prepare` makes of an empty one. */
export async function freshPostgres(
  prepare: (client: pg.Client) => Promise<unknown> = (client) => migrateUp(client, quiet),
): Promise<{ pool: pg.Pool; drop(): Promise<void> }> {
  const { client, url, drop } = await emptyDatabase()
  await prepare(client)
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  pool.on('error', () => undefined)
  return {
    pool,
    async drop() {
      await pool.end()
      await drop()
    },
  }
}

/** An empty Redis database that no other test file uses at the same time. */
export async function freshRedis(): Promise<Redis> {
  const redis = new Redis(inject('redisUrl'), { db: Number(process.env.VITEST_POOL_ID ?? 1) % 16 })
  await redis.flushdb()
  return redis
}

/** Adds an event and returns its id. */
export async function addEvent(
  database: pg.Pool | pg.Client,
  totalTickets: number,
  priceCents = 1000,
): Promise<number> {
  const { rows } = await database.query<{ id: number }>(
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
     VALUES ('Test Conference', 'Hall', '2026-09-15 09:00Z', $1, $2) RETURNING id`,
    [totalTickets, priceCents],
  )
  return (rows[0] as { id: number }).id
}

/** The columns of every table, as `table.column type`, and what guards them. */
export async function describeSchema(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    SELECT format('%s.%s %s%s %s', table_name, column_name, data_type,
                  CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END, column_default) AS line
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_migrations'
    UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> to_regclass('schema_migrations')
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'schema_migrations'
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY line`)
  return rows.map(({ line }) => line.trim())
}
