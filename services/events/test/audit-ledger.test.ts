import { randomUUID } from 'node:crypto'
import { captureLog } from '@quickticket/testing/captured-log'
import { addEvent, freshPostgres } from '@quickticket/testing/stores'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { audit } from '../src/audit/audit.ts'
import { startAuditor } from '../src/audit/auditor.ts'
import { auditLedger, type LedgerEntry, parseLedger } from '../src/audit/ledger.ts'
import { planter } from './planted.ts'

let database: Awaited<ReturnType<typeof freshPostgres>>
let plant: ReturnType<typeof planter>
let event: number
beforeAll(async () => {
  database = await freshPostgres()
  plant = planter(database.pool)
  event = await addEvent(database.pool, 100)
})
afterEach(async () => {
  vi.useRealTimers()
  await database.pool.query('TRUNCATE orders, checkouts')
})
afterAll(() => database.drop())

const at = (second: number) => new Date(Date.now() - 60_000 + second * 1000).toISOString()
const charge = (id: string, second = 0, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ledger: 'charge',
  time: at(second),
  reservation_id: id,
  payment_ref: 'PAY-AAAAAAAA',
  amount: 1000,
  ...more,
})
const voided = (id: string, second = 1): LedgerEntry => ({
  ledger: 'void',
  time: at(second),
  reservation_id: id,
  payment_ref: 'PAY-AAAAAAAA',
})
const look = (...entries: LedgerEntry[]) => auditLedger(database.pool, entries)

describe('the ledger', () => {
  test('is read from among other lines, torn ones included', () => {
    const entry = charge('r-1')
    const log = [
      '{"level":"INFO","msg":"GET /health"}',
      JSON.stringify({ level: 'INFO', msg: 'payment success', ...entry, key: 'r-1', replayed: false }),
      JSON.stringify(entry).slice(0, -10),
      'payments-1  | not JSON "ledger"',
      '{"ledger":"other"}',
      '',
    ].join('\n')
    expect(parseLedger(log)).toEqual([expect.objectContaining(entry)])
  })

  test('without entries says nothing', async () => {
    await plant.sale(event)
    expect(await look()).toEqual([])
  })

  test('agrees with a shop that works', async () => {
    const paid = await plant.sale(event)
    const open = await plant.checkout(event)
    const voiding = await plant.checkout(event, { state: 'voiding' })
    const given = await plant.checkout(event, { state: 'voided' })
    const entries = [
      charge(paid),
      charge(paid, 1),
      charge(open),
      charge(voiding),
      charge(given),
      voided(given),
    ]
    expect(await look(...entries)).toEqual([])
  })

  test('shows a charge without an order', async () => {
    const id = randomUUID()
    expect(await look(charge(id))).toEqual([
      { kind: 'charged_no_order', subject: id, detail: 'PAY-AAAAAAAA stands without an order' },
    ])
    expect(await look(charge(id), voided(id))).toEqual([])
    expect(await look(charge(id), voided(id), charge(id, 2))).toMatchObject([{ kind: 'charged_no_order' }])
  })

  test('is read by time, not by line', async () => {
    const id = randomUUID()
    expect(await look(voided(id, 1), charge(id, 0))).toEqual([])
    expect(await look(charge(id, 1), voided(id, 0))).toMatchObject([{ kind: 'charged_no_order' }])
  })

  test('shows two different charges for one reservation', async () => {
    const id = await plant.sale(event)
    expect(await look(charge(id, 0, { payment_ref: 'PAY-BBBBBBBB' }), charge(id, 1))).toEqual([
      {
        kind: 'double_charge',
        subject: id,
        detail: 'charged as PAY-BBBBBBBB of 1000 cents and as PAY-AAAAAAAA of 1000 cents',
      },
    ])
    expect(await look(charge(id, 0, { amount: 1 }), charge(id, 1))).toMatchObject([{ kind: 'double_charge' }])
  })

  test('shows an order without a charge', async () => {
    const [never, back, other] = [await plant.sale(event), await plant.sale(event), await plant.sale(event)]
    const found = await look(charge(back), voided(back), charge(other))
    expect(found).toHaveLength(2)
    for (const subject of [never, back]) {
      expect(found).toContainEqual({
        kind: 'order_no_charge',
        subject,
        detail: 'ordered, but no charge stands',
      })
    }
  })

  test('shows an order with another reference or sum than was charged', async () => {
    const [ref, sum] = [await plant.sale(event), await plant.sale(event)]
    const found = await look(charge(ref, 0, { payment_ref: 'PAY-CCCCCCCC' }), charge(sum, 0, { amount: 5 }))
    expect(found).toEqual([
      { kind: 'order_no_charge', subject: ref, detail: 'ordered with PAY-AAAAAAAA, charged as PAY-CCCCCCCC' },
      { kind: 'order_no_charge', subject: sum, detail: 'ordered for 1000 cents, charged 5' },
    ])
  })

  test('that began later does not accuse older orders', async () => {
    const older = await plant.sale(event)
    await database.pool.query(`UPDATE orders SET created_at = now() - interval '1 hour'`)
    const newer = await plant.sale(event)
    expect(await look(charge(newer))).toEqual([])
    expect(await look(charge(newer), charge(older, 1))).toEqual([])
  })
})

describe('an audit', () => {
  test('reports what is there at both of two looks', async () => {
    const [lasting, passing] = [randomUUID(), randomUUID()]
    const ledgers = [[charge(lasting), charge(passing)], [charge(lasting)]]
    const found = await audit({ postgres: database.pool, readLedger: async () => ledgers.shift() ?? [] })
    expect(found).toMatchObject([{ kind: 'charged_no_order', subject: lasting }])
    expect(ledgers).toEqual([])
  })

  test('that finds nothing looks once', async () => {
    let looks = 0
    const readLedger = async () => {
      looks++
      return []
    }
    expect(await audit({ postgres: database.pool, readLedger })).toEqual([])
    expect(looks).toBe(1)
  })

  test('that runs by itself logs each violation and exports their numbers', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const id = await plant.checkout(event, { state: 'confirmed', ref: 'PAY-BBBBBBBB' })
    const registry = new Registry()
    const { log, until } = captureLog()
    const auditor = startAuditor({ postgres: database.pool }, { intervalS: 60, registry, log })
    vi.advanceTimersByTime(60_000)
    const line = await until(({ msg }) => msg === 'invariant violated')
    expect(line).toMatchObject({ level: 'ERROR', kind: 'charged_no_order', subject: id })
    const metrics = await registry.metrics()
    expect(metrics).toContain('events_invariant_violations{kind="charged_no_order"} 1')
    expect(metrics).toContain('events_invariant_violations{kind="oversold"} 0')
    auditor.stop()
  })

  test('that cannot look says so and goes on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { log, until } = captureLog()
    const readLedger = () => Promise.reject(new Error('no ledger'))
    const options = { intervalS: 60, registry: new Registry(), log }
    const auditor = startAuditor({ postgres: database.pool, readLedger }, options)
    vi.advanceTimersByTime(60_000)
    expect(await until(({ msg }) => msg === 'audit was not possible')).toMatchObject({ level: 'WARNING' })
    auditor.stop()
  })
})
