import { expect, test } from 'vitest'
import { check, type FinalState } from '../src/faults/checker.ts'
import type { Call, Strike } from '../src/faults/history.ts'

const EVENT = { id: 1, total: 10, sold: 9, priceCents: 100 }
const FLUSH: Omit<Strike, 'start' | 'end'> = { kind: 'flush', target: 'redis' }

function call(kind: Call['kind'], reservationId: string, start: number, status = 200): Call {
  const answer = { reservation_id: reservationId, event_id: 1, quantity: 9, total_cents: 900 }
  return { buyer: 1, kind, eventId: 1, reservationId, quantity: 9, start, end: start + 10, status, answer }
}

/** "late" was held at 1000 and is sold out when it is paid; "early" was held at 100 and is paid at `paidAt`. */
function soldOutAfter(strikes: Strike[], paidAt: number) {
  const calls = [
    call('reserve', 'early', 100),
    call('pay', 'early', paidAt),
    call('reserve', 'late', 1000),
    call('pay', 'late', 2000, 409),
  ]
  const state: FinalState = {
    events: [EVENT],
    orders: [{ id: 'early', event_id: 1, quantity: 9, total_cents: 900 }],
    reservable: { 1: 1 },
    soldOutAtPayment: ['late'],
    status: {},
  }
  return check({ seed: 1, calls, strikes }, state, { reservationTtlMs: 300_000 })
    .filter(({ rule }) => rule === 'held seats are there')
    .map(({ subject }) => subject)
}

test('seats of a hold that are gone at the payment are a violation', () => {
  expect(soldOutAfter([], 1500)).toEqual(['late'])
})

test('a Redis that lost the hold explains it', () => {
  expect(soldOutAfter([{ ...FLUSH, start: 1100, end: 1200 }], 500)).toEqual([])
})

test('a Redis that lost an earlier hold explains it, if that one is paid later', () => {
  const flush = { ...FLUSH, start: 400, end: 450 }
  expect(soldOutAfter([flush], 1500)).toEqual([])
  expect(soldOutAfter([flush], 500)).toEqual(['late'])
})

test('a loss before both holds explains nothing', () => {
  expect(soldOutAfter([{ ...FLUSH, start: 10, end: 20 }], 1500)).toEqual(['late'])
})
