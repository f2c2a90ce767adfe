import { randomUUID } from 'node:crypto'
import { createLog } from '@quickticket/kit/log'
import pg from 'pg'
import { inject } from 'vitest'

export const quiet = createLog('test', 'silent')

export interface Database {
  client: pg.Client
  /** one more connection, by default to this database; it ends with the database */
  connect(name?: string): Promise<pg.Client>
  /** the variables that name it */
  variables: Record<string, string>
  drop(): Promise<void>
}

/** An empty database, or one with all that another one has, which must have no connections. */
export async function emptyDatabase(template?: string): Promise<Database> {
  const url = new URL(inject('postgresUrl'))
  const name = `migrations_${randomUUID().replaceAll('-', '')}`
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

export async function addEvent(client: pg.Client, totalTickets: number): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
     VALUES ('Test', 'Hall', now(), $1, 100) RETURNING id`,
    [totalTickets],
  )
  return rows[0]?.id as number
}
