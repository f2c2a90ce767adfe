import { randomUUID } from 'node:crypto'
import { createLog } from '@quickticket/kit/log'
import { migrateUp } from '@quickticket/migrations/runner'
import { Redis } from 'ioredis'
import pg from 'pg'
import { inject } from 'vitest'

export const quiet = createLog('test', 'silent')

/** Why tests that need Redis are skipped, if they are. */
export const noRedis = inject('redisUrl') === ''

/** A database of its own without events: with every migration, or what else `prepare` makes of an empty one. */
export async function freshPostgres(
  prepare: (client: pg.Client) => Promise<unknown> = (client) => migrateUp(client, quiet),
): Promise<{ pool: pg.Pool; drop(): Promise<void> }> {
  const url = new URL(inject('postgresUrl'))
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  url.pathname = `/${name}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await prepare(client)
  await client.end()
  const pool = new pg.Pool({ connectionString: url.href, max: 10 })
  pool.on('error', () => undefined)
  return {
    pool,
    async drop() {
      await pool.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
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
export async function addEvent(pool: pg.Pool, totalTickets: number, priceCents = 1000): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
     VALUES ('Test Conference', 'Hall', '2026-09-15 09:00Z', $1, $2) RETURNING id`,
    [totalTickets, priceCents],
  )
  return (rows[0] as { id: number }).id
}
