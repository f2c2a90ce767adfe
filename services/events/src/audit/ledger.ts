import type pg from 'pg'
import type { Violation } from './violation.ts'

/** One line of the payments service's ledger. */
export interface LedgerEntry {
  ledger: 'charge' | 'void'
  /** ISO 8601 */
  time: string
  reservation_id: string
  payment_ref: string
  /** cents; not there for a void */
  amount?: number
}

interface OrderRow {
  id: string
  total_cents: number
  payment_ref: string
}

/** The ledger's lines among a log's; other lines, and torn ones, are passed over. */
export function parseLedger(log: string): LedgerEntry[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"ledger"'))
    .map(parseLine)
    .filter((entry) => entry?.ledger === 'charge' || entry?.ledger === 'void') as LedgerEntry[]
}

function parseLine(line: string): Partial<LedgerEntry> | undefined {
  try {
    return JSON.parse(line) as Partial<LedgerEntry>
  } catch {
    // the line of a killed process may be cut off
    return undefined
  }
}

/** Joins what payments says it did with the orders and checkouts there are. */
export async function auditLedger(postgres: pg.Pool, entries: LedgerEntry[]): Promise<Violation[]> {
  const sorted = entries.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
  const [first] = sorted
  if (!first) return []
  const byReservation = Map.groupBy(sorted, (entry) => entry.reservation_id)
  const orders = await postgres.query<OrderRow>(
    'SELECT id, total_cents, payment_ref FROM orders WHERE created_at >= $1',
    [first.time],
  )
  const orderById = new Map(orders.rows.map((order) => [order.id, order]))
  const unsettled = await unsettledAmong(postgres, [...byReservation.keys()])

  const found: Violation[] = []
  for (const [id, history] of byReservation) {
    found.push(...doubleCharges(id, history))
    if (stands(history) && !orderById.has(id) && !unsettled.has(id)) {
      found.push({
        kind: 'charged_no_order',
        subject: id,
        detail: `${history.at(-1)?.payment_ref} stands without an order`,
      })
    }
  }
  for (const order of orderById.values())
    found.push(...missingCharge(order, byReservation.get(order.id) ?? []))
  return found
}

/** Those that are paid by an older order, or whose charge is still to be confirmed or given back. */
async function unsettledAmong(postgres: pg.Pool, ids: string[]): Promise<Set<string>> {
  const { rows } = await postgres.query<{ id: string }>(
    `SELECT reservation_id AS id FROM checkouts WHERE reservation_id = ANY ($1) AND state IN ('open', 'voiding')
     UNION ALL SELECT id FROM orders WHERE id = ANY ($1)`,
    [ids],
  )
  return new Set(rows.map((row) => row.id))
}

function stands(history: LedgerEntry[]): boolean {
  return history.at(-1)?.ledger === 'charge'
}

function doubleCharges(id: string, history: LedgerEntry[]): Violation[] {
  const charges = new Set(
    history
      .filter((entry) => entry.ledger === 'charge')
      .map((entry) => `${entry.payment_ref} of ${entry.amount} cents`),
  )
  if (charges.size < 2) return []
  return [{ kind: 'double_charge', subject: id, detail: `charged as ${[...charges].join(' and as ')}` }]
}

function missingCharge(order: OrderRow, history: LedgerEntry[]): Violation[] {
  const charge = history.at(-1)
  const violation = (detail: string): Violation[] => [{ kind: 'order_no_charge', subject: order.id, detail }]
  if (!charge || !stands(history)) return violation('ordered, but no charge stands')
  if (charge.payment_ref !== order.payment_ref)
    return violation(`ordered with ${order.payment_ref}, charged as ${charge.payment_ref}`)
  if (charge.amount !== order.total_cents)
    return violation(`ordered for ${order.total_cents} cents, charged ${charge.amount}`)
  return []
}
