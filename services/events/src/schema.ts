import type pg from 'pg'

/** What a database has of what this service needs. */
export interface Schema {
  /** there is nothing in it, of this service or of another */
  empty: boolean
  /** migrations are recorded in it, or have left their traces */
  migrated: boolean
  /** `events` and `orders`, as the course's seed.sql makes them */
  hasCourseTables: boolean
  /** tables, and columns as `table.column` */
  missing: string[]
  /** migrations that the service cannot work without, and that are not recorded; empty while nothing is missing */
  pending: string[]
}

/** Reads nothing, and fails when GET /events or a checkout would. */
export const READS_NOTHING =
  'SELECT FROM (SELECT sold FROM events LIMIT 0) e, (SELECT FROM orders LIMIT 0) o, (SELECT FROM checkouts LIMIT 0) c, ' +
  '(SELECT FROM outbox LIMIT 0) b'

const FOUND = `
  SELECT to_regclass('schema_migrations') IS NOT NULL AS history,
         to_regclass('events') IS NOT NULL AS events,
         to_regclass('orders') IS NOT NULL AS orders,
         to_regclass('checkouts') IS NOT NULL AS checkouts,
         to_regclass('outbox') IS NOT NULL AS outbox,
         EXISTS (SELECT FROM pg_attribute
                 WHERE attrelid = to_regclass('events') AND attname = 'sold' AND NOT attisdropped) AS sold,
         NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%') AS empty`

type Found = Record<'history' | 'events' | 'orders' | 'checkouts' | 'outbox' | 'sold' | 'empty', boolean>

/** Waits for no lock on the tables of the service. Rejects with the driver's error. */
export async function readSchema(postgres: pg.Pool): Promise<Schema> {
  const found = (await postgres.query<Found>(FOUND)).rows[0] as Found
  const { history, events, orders, checkouts, outbox, sold, empty } = found
  const needed = [
    { name: 'events', found: events, change: '0001_baseline' },
    { name: 'orders', found: orders, change: '0001_baseline' },
    { name: 'events.sold', found: sold || !events, change: '0002_sold-seats' },
    { name: 'checkouts', found: checkouts, change: '0003_checkouts' },
    { name: 'outbox', found: outbox, change: '0003_checkouts' },
  ]
  const missing = needed.filter(({ found }) => !found)
  const applied = missing.length > 0 && history ? await readApplied(postgres) : []
  const lacked = needed.filter(({ change }) => missing.length > 0 && !applied.includes(change))
  return {
    empty,
    migrated: history || checkouts || sold,
    hasCourseTables: events && orders,
    missing: missing.map(({ name }) => name),
    pending: [...new Set(lacked.map(({ change }) => change))],
  }
}

async function readApplied(postgres: pg.Pool): Promise<string[]> {
  const { rows } = await postgres.query<{ name: string }>('SELECT name FROM schema_migrations')
  return rows.map(({ name }) => name)
}

/** A table, column or function is not there. @see https://www.postgresql.org/docs/17/errcodes-appendix.html */
export function isSchemaError(error: unknown): boolean {
  return ['42P01', '42703', '42883'].includes(String((error as { code?: string } | undefined)?.code))
}
