import { redisCommand as sendToRedis } from '@quickticket/testing/redis-command'
import pg from 'pg'
import type { System } from './system.ts'

/** A server that does not answer fails a test with a reason, before the test's own timeout does without one. */
const TIMEOUT_MS = 10_000

/** Runs SQL as an operator would with psql. */
export async function sql<Row extends pg.QueryResultRow>(
  { postgres }: System,
  query: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return withPostgres(postgres, async (client) => (await client.query<Row>(query, values)).rows)
}

export async function withPostgres<Result>(
  postgres: System['postgres'],
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...postgres, connectionTimeoutMillis: TIMEOUT_MS })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** An event of the test's own, after all others. */
export async function addEvent(system: System, seats: number, priceCents = 1000): Promise<number> {
  const [row] = await sql<{ id: number }>(
    system,
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
     VALUES ('Test', 'Lab', '2030-01-01', $1, $2) RETURNING id`,
    [seats, priceCents],
  )
  return (row as { id: number }).id
}

/** Meanwhile no statement that needs the events table gets on. */
export async function whileEventsAreLocked(system: System, work: () => Promise<void>): Promise<void> {
  await withPostgres(system.postgres, async (client) => {
    await client.query('BEGIN')
    await client.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE')
    await work()
    await client.query('ROLLBACK')
  })
}

/** Runs a command as an operator would with redis-cli, and returns the raw answer. */
export async function redisCommand({ redis }: Pick<System, 'redis'>, command: string): Promise<string> {
  if (!redis) throw new Error('there is no Redis here')
  return sendToRedis(redis, command)
}
