import { createHash } from 'node:crypto'
import { requestLog } from '@quickticket/kit/request-log'
import { traceOf } from '@quickticket/kit/trace'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'

/** How many keys are remembered, to tell a first charge from a repeated one. */
const REMEMBERED_KEYS = 100_000

/** What this process has seen of each idempotency key. Nothing depends on it but the words in logs and counters. */
export interface Ledger {
  /** true when the key is charged for the first time */
  charge(key: string): boolean
  /** true when the key was not voided before */
  void(key: string): boolean
}

export function createLedger(): Ledger {
  const states = new Map<string, 'charged' | 'voided'>()

  function turn(key: string, state: 'charged' | 'voided'): boolean {
    if (states.get(key) === state) return false
    states.delete(key)
    states.set(key, state)
    if (states.size > REMEMBERED_KEYS) states.delete(states.keys().next().value as string)
    return true
  }

  return { charge: (key) => turn(key, 'charged'), void: (key) => turn(key, 'voided') }
}

/**
 * The reference of the charge with this idempotency key. It is derived from the key, so that every replica answers a
 * repeated charge with the same reference, also after a restart.
 */
export function paymentRef(key: string): string {
  return `PAY-${createHash('sha256').update(key).digest('hex').slice(0, 8).toUpperCase()}`
}

/** The log of the ledger's lines, by request: what happened to money is told at every LOG_LEVEL. */
export function ledgerLog(log: FastifyBaseLogger): (request: FastifyRequest) => FastifyBaseLogger {
  const always = log.child({}, { level: 'info' })
  return ({ raw }) => requestLog(always, traceOf(raw))
}
