import { freshPostgres } from '@quickticket/testing/stores'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createCheckoutStore } from '../src/checkout-store.ts'

test('the clock of PostgreSQL is known from the first checkout that begins', async () => {
  const { pool, drop } = await freshPostgres()
  onTestFinished(drop)
  const checkouts = createCheckoutStore(pool)
  expect(checkouts.clockDifferenceS()).toBeUndefined()
  await checkouts.begin('00000000-0000-4000-8000-000000000000')
  // both are this machine's
  expect(checkouts.clockDifferenceS()).toBe(0)
})

test('a database that says another time is that far away', async () => {
  const { pool, drop } = await freshPostgres()
  onTestFinished(drop)
  // before pg_catalog in the path, so that it is the one that is asked
  await pool.query(`CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                    AS $$ SELECT pg_catalog.clock_timestamp() - interval '6 seconds' $$`)
  const { rows } = await pool.query<{ name: string }>('SELECT current_database() AS name')
  await pool.query(`ALTER DATABASE ${rows[0]?.name} SET search_path = public, pg_catalog`)
  const other = new pg.Pool(pool.options)
  onTestFinished(() => other.end())
  const checkouts = createCheckoutStore(other)
  await checkouts.begin('00000000-0000-4000-8000-000000000000')
  expect(checkouts.clockDifferenceS()).toBeGreaterThan(-6.1)
  expect(checkouts.clockDifferenceS()).toBeLessThan(-3)
})
