import { randomUUID } from 'node:crypto'
import { captureLog } from '@quickticket/testing/captured-log'
import { freshHolds } from '@quickticket/testing/events-app'
import { paymentsApp } from '@quickticket/testing/payments-app'
import { listen } from '@quickticket/testing/raw-http'
import { addEvent, freshPostgres } from '@quickticket/testing/stores'
import { startTcpProxy, type TcpProxy } from '@quickticket/testing/tcp-proxy'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCheckoutStore } from '../src/checkout-store.ts'
import { createEventStore } from '../src/event-store.ts'
import type { HoldStore } from '../src/hold-store.ts'
import { createEventsMetrics } from '../src/metrics.ts'
import { createOutbox } from '../src/outbox.ts'
import { createPaymentsClient } from '../src/payments-client.ts'
import { createReconciler } from '../src/reconciler.ts'
import { createVoidStore } from '../src/void-store.ts'
import { lasting } from './hold-times.ts'

let database: Awaited<ReturnType<typeof freshPostgres>>
let holds: HoldStore
let payments: Awaited<ReturnType<typeof paymentsApp>>
let door: TcpProxy
beforeAll(async () => {
  database = await freshPostgres()
})
beforeEach(async () => {
  holds = await freshHolds()
  payments = await paymentsApp()
  door = await startTcpProxy({ host: '127.0.0.1', port: (await listen(payments.app)).port })
})
afterEach(async () => {
  await door.shut()
  await payments.app.close()
  await holds.close()
  await database.pool.query('TRUNCATE events, checkouts, outbox CASCADE')
})
afterAll(() => database.drop())

/** A replica's reconciler; a round is run when the test says so. */
function reconcilerOf() {
  const { pool } = database
  const logs = captureLog()
  const metrics = createEventsMetrics(new Registry(), pool, holds)
  const client = createPaymentsClient(door.url)
  const voids = createVoidStore(pool)
  const events = createEventStore(pool)
  const outbox = createOutbox(pool, logs.log)
  const deps = { events, voids, outbox, holds, payments: client, metrics, log: logs.log }
  const reconciler = createReconciler(deps)
  return {
    reconciler,
    logs,
    async round() {
      // what the first pass gives up is voided by the second one at the latest
      for (let pass = 0; pass < 2; pass++) {
        reconciler.runNow()
        await reconciler.stop()
      }
    },
    orders: async () => (await metrics.orders.get()).values[0]?.value ?? 0,
    voids: async () => (await metrics.voids.get()).values[0]?.value ?? 0,
  }
}

/** A checkout that began this many seconds ago, whose seats are still held. */
async function checkoutFrom(secondsAgo: number): Promise<{ id: string; event: number }> {
  const event = await addEvent(database.pool, 10)
  const id = randomUUID()
  const hold = { reservationId: id, eventId: event, quantity: 2, totalCents: 2000 }
  await holds.reserve(hold, { total: 10, sold: 0, soldHoldIds: [] }, lasting(60_000))
  await createCheckoutStore(database.pool).open(hold, {
    chargeBefore: Date.now() + 5000,
    expiresAt: Date.now() + 15_000,
  })
  await letPass(secondsAgo)
  return { id, event }
}

/** Moves every checkout into the past, in place of waiting. */
async function letPass(seconds: number): Promise<void> {
  await database.pool.query(
    `UPDATE checkouts SET charge_before = charge_before - $1 * interval '1 second',
       expires_at = expires_at - $1 * interval '1 second', void_at = void_at - $1 * interval '1 second'`,
    [seconds],
  )
  await database.pool.query(`UPDATE outbox SET due_at = due_at - $1 * interval '1 second'`, [seconds])
}

async function stateOf(id: string): Promise<string> {
  const { rows } = await database.pool.query('SELECT state FROM checkouts WHERE reservation_id = $1', [id])
  return rows[0]?.state
}

const voidsOf = (id: string) =>
  payments.ledger().filter((line) => line.ledger === 'void' && line.reservation_id === id)

describe('a checkout that is not finished', () => {
  test('is left alone while it may still be paid', async () => {
    const { id } = await checkoutFrom(0)
    const { round } = reconcilerOf()
    await round()
    expect(await stateOf(id)).toBe('open')
    expect(await holds.find(id)).toMatchObject({ state: 'held' })
    expect(payments.ledger()).toEqual([])
  })

  test('is given up when its time is over: its charge is given back and its seats are free', async () => {
    const { id } = await checkoutFrom(20)
    await payments.charge(id)
    const { round, voids, logs } = reconcilerOf()
    await round()
    expect(await stateOf(id)).toBe('voided')
    expect(voidsOf(id)).toHaveLength(1)
    expect(payments.ledger().at(-1)).toMatchObject({ ledger: 'void', reservation_id: id })
    expect(await holds.find(id)).toMatchObject({ state: 'released' })
    expect(await voids()).toBe(1)
    expect(logs.lines().map(({ msg }) => msg)).toEqual(['checkout given up', 'checkout voided'])
  })

  test('is voided once, however many rounds follow', async () => {
    const { id } = await checkoutFrom(20)
    const { round } = reconcilerOf()
    for (let i = 0; i < 5; i++) await round()
    expect(voidsOf(id)).toHaveLength(1)
  })

  test('is given up only after the last moment at which its charge may take effect', async () => {
    const { id } = await checkoutFrom(20)
    await database.pool.query(`UPDATE checkouts SET charge_before = now() + interval '10 seconds'`)
    const { round } = reconcilerOf()
    await round()
    expect(await stateOf(id)).toBe('voiding')
    expect(voidsOf(id)).toEqual([])
    await payments.charge(id)
    await letPass(20)
    await round()
    expect(await stateOf(id)).toBe('voided')
    expect(payments.ledger().map(({ ledger }) => ledger)).toEqual(['charge', 'void'])
  })
})

describe('a void', () => {
  test('is tried until payments is there, and not lost by a crash in between', async () => {
    const { id } = await checkoutFrom(20)
    await door.shut()
    const first = reconcilerOf()
    await first.round()
    expect(await stateOf(id)).toBe('voiding')
    expect(first.logs.lines()).toContainEqual(
      expect.objectContaining({ msg: 'void failed, will be tried again', reservation_id: id }),
    )
    await letPass(20)
    await first.round()
    expect(await stateOf(id)).toBe('voiding')

    await door.open()
    await letPass(20)
    await reconcilerOf().round()
    expect(await stateOf(id)).toBe('voided')
    expect(voidsOf(id)).toHaveLength(1)
  })

  test('that failed is not tried again at once', async () => {
    await checkoutFrom(20)
    await door.shut()
    const { round } = reconcilerOf()
    await round()
    await door.open()
    await round()
    expect(payments.ledger()).toEqual([])
  })

  test('of a checkout that was given up early happens at once, and once more when no charge can come any more', async () => {
    const { id, event } = await checkoutFrom(0)
    const seats = { reservationId: id, eventId: event, quantity: 2, totalCents: 2000 }
    await createCheckoutStore(database.pool).abandon(seats)
    const { round, voids } = reconcilerOf()
    await round()
    expect(voidsOf(id)).toHaveLength(1)
    expect(await stateOf(id)).toBe('voiding')
    expect(await voids()).toBe(0)
    await letPass(20)
    await round()
    expect(voidsOf(id)).toHaveLength(2)
    expect(await stateOf(id)).toBe('voided')
    expect(await voids()).toBe(1)
  })
})

test('two reconcilers at once settle everything once', async () => {
  const ids: string[] = []
  for (let i = 0; i < 30; i++) ids.push((await checkoutFrom(0)).id)
  await letPass(20)
  const replicas = [reconcilerOf(), reconcilerOf()]
  await Promise.all(replicas.map(({ round }) => round()))
  await Promise.all(replicas.map(({ round }) => round()))
  for (const id of ids) {
    expect(await stateOf(id)).toBe('voided')
    expect(voidsOf(id)).toHaveLength(1)
  }
  expect((await Promise.all(replicas.map(({ voids }) => voids()))).reduce((a, b) => a + b)).toBe(30)
  expect(await holds.count()).toBe(0)
})

test('a hold that Redis kept past its sale is ended, and its seats count once', async () => {
  const { id, event } = await checkoutFrom(0)
  await createCheckoutStore(database.pool).confirm(id, 'PAY-12345678', false)
  expect(await holds.find(id)).toMatchObject({ state: 'held' })
  await reconcilerOf().round()
  expect(await holds.find(id)).toMatchObject({ state: 'held' })
  await letPass(3)
  await reconcilerOf().round()
  expect(await holds.find(id)).toMatchObject({ state: 'sold' })
  const another = { reservationId: randomUUID(), eventId: event, quantity: 8, totalCents: 0 }
  expect(await holds.reserve(another, { total: 10, sold: 0, soldHoldIds: [] }, lasting(1000))).toMatchObject({
    outcome: 'held',
  })
})

test('what cannot be done in one step keeps nothing else from being done', async () => {
  const { id } = await checkoutFrom(20)
  await database.pool.query('ALTER TABLE outbox RENAME TO outbox_gone')
  const { round, logs } = reconcilerOf()
  await round()
  await database.pool.query('ALTER TABLE outbox_gone RENAME TO outbox')
  expect(logs.lines()).toContainEqual(
    expect.objectContaining({ msg: 'reconciliation is delayed', step: 'end sold holds' }),
  )
  expect(await stateOf(id)).toBe('voided')
})

test('an order whose COMMIT was not answered is counted once, by one replica', async () => {
  const { id } = await checkoutFrom(0)
  await createCheckoutStore(database.pool).confirm(id, 'PAY-12345678', true)
  const replicas = [reconcilerOf(), reconcilerOf()]
  await Promise.all(replicas.map(({ round }) => round()))
  expect(await Promise.all(replicas.map(({ orders }) => orders()))).toEqual([0, 0])
  await letPass(11)
  await Promise.all(replicas.map(({ round }) => round()))
  await letPass(11)
  await Promise.all(replicas.map(({ round }) => round()))
  expect((await Promise.all(replicas.map(({ orders }) => orders()))).toSorted()).toEqual([0, 1])
  const { rows } = await database.pool.query('SELECT topic FROM outbox WHERE order_id = $1', [id])
  expect(rows).toEqual([{ topic: 'notify' }])
})

test('payments that hang delay no other work', async () => {
  const first = await checkoutFrom(20)
  const { reconciler } = reconcilerOf()
  door.stall()
  reconciler.runNow()
  await vi.waitFor(async () => expect(await stateOf(first.id)).toBe('voiding'))
  const second = await checkoutFrom(20)
  reconciler.runNow()
  await vi.waitFor(async () => expect(await holds.find(second.id)).toMatchObject({ state: 'released' }), 3000)
  await door.shut()
  await reconciler.stop()
})
