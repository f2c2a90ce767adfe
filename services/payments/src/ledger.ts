import { createHash } from 'node:crypto'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'

/** How many keys are remembered. */
const REMEMBERED_KEYS = 100_000

export type ChargeEntry =
  | { result: 'first' | 'replayed' }
  /** the key was charged with another amount, in cents */
  | { result: 'other_amount'; chargedAmount: number }
  /** the charge was given back, or refused for good before it came */
  | { result: 'voided' }

/**
 * What this process has seen of each idempotency key. It is forgotten when the process ends, and no order depends on it: events
 * does not charge what is voided, and a reservation has one amount.
 */
export interface Ledger {
  /** @param amount in cents */
  charge(key: string, amount: number): ChargeEntry
  /** whether it is voided for the first time, and whether it was charged before */
  void(key: string): { first: boolean; charged: boolean }
}

interface KeyState {
  state: 'charged' | 'voided'
  /** undefined when it was never charged */
  amount: number | undefined
}

export function createLedger(): Ledger {
  const keys = new Map<string, KeyState>()

  function remember(key: string, state: KeyState): void {
    keys.delete(key)
    keys.set(key, state)
    if (keys.size > REMEMBERED_KEYS) keys.delete(keys.keys().next().value as string)
  }

  return {
    charge(key, amount) {
      const known = keys.get(key)
      if (known?.state === 'voided') return { result: 'voided' }
      if (known?.amount !== undefined && known.amount !== amount)
        return { result: 'other_amount', chargedAmount: known.amount }
      remember(key, { state: 'charged', amount })
      return { result: known ? 'replayed' : 'first' }
    },
    void(key) {
      const known = keys.get(key)
      remember(key, { state: 'voided', amount: known?.amount })
      return { first: known?.state !== 'voided', charged: known?.amount !== undefined }
    },
  }
}

/**
 * The reference of the charge with this idempotency key. It is derived from the key, so that every replica answers a
 * repeated charge with the same reference, also after a restart.
 */
export function paymentRef(key: string): string {
  return `PAY-${createHash('sha256').update(key).digest('hex').slice(0, 8).toUpperCase()}`
}

/** The log of the ledger's lines, by request: money movements are logged at every LOG_LEVEL. */
export function createLedgerLog(log: FastifyBaseLogger): (request: FastifyRequest) => FastifyBaseLogger {
  const always = log.child({}, { level: 'info' })
  return ({ trace }) => always.child({ request_id: trace.requestId, trace_id: trace.traceId })
}
