import { loadConfig } from '@quickticket/kit/config'
import { migrateUp } from '@quickticket/migrations/runner'
import { captureLog } from '@quickticket/testing/captured-log'
import { quiet } from '@quickticket/testing/stores'
import { startTcpProxy } from '@quickticket/testing/tcp-proxy'
import type pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { buildApp } from '../src/app.ts'
import { variables } from '../src/config.ts'
import { connectPostgres, migrateDatabase } from '../src/connections.ts'
import { createMemoryHoldStore } from '../src/memory-hold-store.ts'
import { createPaymentsClient } from '../src/payments-client.ts'
import { primaryAndStandby } from './primary-and-standby.ts'

const ADD_EVENT = `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
                   VALUES ($1, 'Hall', '2026-09-15 09:00Z', 10, 100) RETURNING id`
const WAIT = { timeout: 15_000, interval: 50 }

/** The service, behind an address that leads to the primary until it is moved. */
async function setUp() {
  const servers = await primaryAndStandby()
  await migrateUp(servers.primary, quiet)
  const target = { host: '127.0.0.1', port: servers.primaryPort }
  const door = await startTcpProxy(target)
  const config = loadConfig(variables, {
    DB_HOST: '127.0.0.1',
    DB_PORT: String(door.port),
    RECONCILE_INTERVAL_MS: '600000',
  })
  const { log } = captureLog()
  const pool = connectPostgres(config, log)
  const app = await buildApp(config, '1.0.0', log, {
    postgres: pool,
    holds: createMemoryHoldStore(),
    payments: createPaymentsClient(config.PAYMENTS_URL),
    migrate: (only) => migrateDatabase(config, log, only),
  })
  onTestFinished(async () => {
    await app.close()
    await door.shut()
  })
  const add = async (client: pg.Client, name: string) => (await client.query(ADD_EVENT, [name])).rows[0].id
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload })
  const confirm = (id: string) => post(`/reservations/${id}/confirm`, { payment_ref: 'PAY-12345678' })
  return {
    ...servers,
    app,
    pool,
    add,
    confirm,
    leadTo(port: number): void {
      target.port = port
    },
    list: async (): Promise<{ name: string }[]> => (await app.inject('/events')).json(),
    async inCheckout(event: number): Promise<string> {
      const { reservation_id: id } = (await post(`/events/${event}/reserve`, { quantity: 1 })).json()
      expect((await post(`/reservations/${id}/checkout`, { charge_within_ms: 5000 })).statusCode).toBe(200)
      return id
    },
  }
}

test('PostgreSQL fails over, and the old server keeps its connections: all of them are left for the new one', async () => {
  const { primary, standby, app, pool, add, confirm, ...servers } = await setUp()
  const id = await servers.inCheckout(await add(primary, 'before'))
  // several connections to the old one are idle now
  await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT pg_sleep(0.1)')))
  expect(pool.idleCount).toBeGreaterThanOrEqual(5)
  await primary.query('ALTER SYSTEM SET default_transaction_read_only = on')
  await servers.caughtUp()
  await primary.query('SELECT pg_reload_conf()')
  await servers.promote()
  await add(standby, 'after')
  servers.leadTo(servers.standbyPort)

  expect((await confirm(id)).json()).toMatchObject({ status: 503, error: 'database_unavailable' })
  // whichever connection it takes
  expect((await confirm(id)).json()).toMatchObject({ order_id: id })
  expect((await standby.query('SELECT id FROM orders')).rows).toEqual([{ id }])
  for (let i = 0; i < 20; i++) expect((await servers.list()).map(({ name }) => name)).toContain('after')
  expect((await app.inject('/health')).json()).toMatchObject({ checks: { postgres: 'ok' } })
  const { rows } = await primary.query(
    `SELECT count(*)::int AS left_behind FROM pg_stat_activity WHERE application_name = 'quickticket'`,
  )
  expect(rows).toEqual([{ left_behind: 0 }])
})

test('on a server that is read-only events are listed, health says why nothing can be paid, and all is well once it is not', async () => {
  const { primary, app, add, confirm, ...servers } = await setUp()
  const id = await servers.inCheckout(await add(primary, 'before'))
  await servers.caughtUp()
  servers.leadTo(servers.standbyPort)
  // the old server goes, and its connections with it
  await primary.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quickticket'`,
  )
  await vi.waitFor(async () => expect(await servers.list()).toHaveLength(1), WAIT)
  expect((await confirm(id)).json()).toMatchObject({ status: 503, error: 'database_unavailable' })
  const health = await app.inject('/health')
  expect(health.statusCode).toBe(503)
  expect(health.json()).toMatchObject({
    checks: { postgres: 'degraded' },
    reasons: { postgres: 'PostgreSQL is read-only: payments are refused' },
  })
  expect((await app.inject('/readyz')).statusCode).toBe(200)

  await servers.promote()
  await vi.waitFor(async () => expect((await confirm(id)).json()).toMatchObject({ order_id: id }), WAIT)
  expect((await app.inject('/health')).json()).toMatchObject({ checks: { postgres: 'ok' } })
})
