import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { HoldStore } from '../hold-store.ts'
import { auditHolds } from './holds.ts'
import { auditLedger, type LedgerEntry } from './ledger.ts'
import { auditOrders } from './orders.ts'
import type { Violation } from './violation.ts'

export interface Audited {
  postgres: pg.Pool
  /** left out when holds cannot be seen from here */
  holds?: HoldStore | undefined
  /** what payments says it did, read again for every look */
  readLedger?: (() => Promise<LedgerEntry[]>) | undefined
}

/** Between two looks, in ms: long enough for whatever was under way to be over. */
const SECOND_LOOK_MS = 1500

/**
 * Checks that nothing is oversold, charged twice, charged without an order, ordered without a charge, held without a reservation
 * or stuck. The stores are read one after the other while they change, so that what is found counts only if it is
 * still there at a second look.
 */
export async function audit(audited: Audited): Promise<Violation[]> {
  const first = await look(audited)
  if (first.length === 0) return []
  await delay(SECOND_LOOK_MS)
  const second = new Set((await look(audited)).map(identity))
  return first.filter((violation) => second.has(identity(violation)))
}

async function look({ postgres, holds, readLedger }: Audited): Promise<Violation[]> {
  return [
    ...(await auditOrders(postgres)),
    ...(holds ? await auditHolds(postgres, holds) : []),
    ...(readLedger ? await auditLedger(postgres, await readLedger()) : []),
  ]
}

function identity({ kind, subject }: Violation): string {
  return `${kind} ${subject}`
}
