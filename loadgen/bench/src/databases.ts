import { NAME } from '@quickticket/local/postgres-cluster'
import { migrate } from '@quickticket/testing/migrate'
import pg from 'pg'

/** Databases that differ in what is in them; all have the course's five events. */
const DATABASES = {
  [NAME]: 'five events',
  events_10: `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
              SELECT 'Event ' || n, 'Room ' || n % 100, timestamptz '2027-01-01Z' + n * interval '7 minutes', 1000000000, 5000
              FROM generate_series(6, 10) AS n`,
  events_1000: `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
              SELECT 'Event ' || n, 'Room ' || n % 100, timestamptz '2027-01-01Z' + n * interval '7 minutes', 1000000000, 5000
              FROM generate_series(6, 1000) AS n`,
  events_100000: `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
              SELECT 'Event ' || n, 'Room ' || n % 100, timestamptz '2027-01-01Z' + n * interval '7 minutes', 1000000000, 5000
              FROM generate_series(6, 100000) AS n`,
  orders_1m: `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
              SELECT gen_random_uuid()::text, 1 + n % 5, 1, 5000, 'PAY-00000000' FROM generate_series(1, 1000000) AS n`,
} as const

export type DatabaseName = keyof typeof DATABASES

export function databaseUrl(port: number, database: string): string {
  return `postgres://${NAME}:${NAME}@127.0.0.1:${port}/${database}`
}

export function databaseVariables(port: number, database: DatabaseName): Record<string, string> {
  return { DB_HOST: '127.0.0.1', DB_PORT: String(port), DB_NAME: database, DB_USER: NAME, DB_PASS: NAME }
}

/** Migrates, with the changes of a checkout, and fills the databases. No event can be sold out while it is measured. */
export async function fillDatabases(port: number, wanted: Set<DatabaseName>, root: string): Promise<void> {
  await migrate(port, ['up', '--seed'], root)
  await query(port, NAME, 'UPDATE events SET total_tickets = 1000000000')
  for (const database of wanted) {
    if (database === NAME) continue
    await query(port, 'postgres', `CREATE DATABASE ${database} TEMPLATE ${NAME}`)
    await query(port, database, DATABASES[database])
  }
  for (const database of wanted) await query(port, database, 'VACUUM ANALYZE')
}

async function query(port: number, database: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(port, database) })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
