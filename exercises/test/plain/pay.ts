import { ChargeRefused } from '@quickticket/gateway/payments-client'
import { CircuitOpenError } from '@quickticket/gateway/policies/breaker'
import { BulkheadFullError } from '@quickticket/gateway/policies/bulkhead'
import { UpstreamError } from '@quickticket/kit/http-client'
import type { Pay, PayDeps, Subjects } from '../../lab11/shapes.ts'

const PLACE = 'a payment keeps its place in the bulkhead while it waits for a retry'
const OUTCOME = 'the breaker sees one outcome of a payment: it goes around the retries'
const OPEN = 'an open circuit is 503 at once, without a charge and without retries'
const FULL = 'a full bulkhead is no failure of payments: the breaker does not see it'
const STATUS = 'the status says what happened'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'no bulkhead': PLACE,
  'no breaker': OPEN,
  'no retry': 'a charge that fails is tried again',
  'retries around the breaker': OUTCOME,
  'a place for each attempt': PLACE,
  'the breaker around the bulkhead, where it counts': FULL,
  'an open circuit is a 500': OPEN,
  'a full bulkhead is a 500': PLACE,
  'no answer in time is a 503': STATUS,
  'refusals are 500': STATUS,
  'waits for the notification': 'the buyer does not wait for the notification',
  'no notification': 'a confirmed order is passed to the notifier, after it was confirmed',
  'notifies before it is confirmed': 'a confirmed order is passed to the notifier, after it was confirmed',
  'notifies whatever events answers': 'no notification without a confirmation',
  'confirms without a charge': 'what is not charged is not confirmed',
  'confirms without the reference': 'a payment is charged, confirmed, and the buyer gets what events answers',
  'always 200': 'no notification without a confirmation',
}

type Mistake = keyof typeof mistakes

export function solve(mistake?: Mistake): Subjects['pay'] {
  return { createPay: (deps) => createPay(deps, mistake) }
}

function createPay({ bulkhead, breaker, retry, notifier, charge, confirm }: PayDeps, mistake?: Mistake): Pay {
  const makes = (other: Mistake) => mistake === other

  function protectedCharge(id: string): Promise<string> {
    const attempt = (remainingMs: number) => charge(id, remainingMs)
    if (makes('no bulkhead')) return breaker.run(() => retry(attempt))
    if (makes('no breaker')) return bulkhead.run((waitedMs) => retry(attempt, waitedMs))
    if (makes('no retry')) return bulkhead.run(() => breaker.run(() => attempt(5000)))
    if (makes('retries around the breaker'))
      return bulkhead.run((waitedMs) => retry((ms) => breaker.run(() => attempt(ms)), waitedMs))
    if (makes('a place for each attempt'))
      return breaker.run(() => retry((ms) => bulkhead.run(() => attempt(ms))))
    if (makes('the breaker around the bulkhead, where it counts'))
      return breaker.run(() => bulkhead.run(() => retry(attempt)).catch(asTimeout))
    return bulkhead.run((waitedMs) => breaker.run(() => retry(attempt, waitedMs)))
  }

  function statusOf(error: unknown): number {
    if (error instanceof CircuitOpenError) return makes('an open circuit is a 500') ? 500 : 503
    if (error instanceof BulkheadFullError) return makes('a full bulkhead is a 500') ? 500 : 503
    if (error instanceof ChargeRefused) return makes('refusals are 500') ? 500 : error.status
    if (!(error instanceof UpstreamError)) throw error
    return error.failure === 'timeout' && !makes('no answer in time is a 503') ? 504 : 503
  }

  return async (id) => {
    let paymentRef = ''
    try {
      const charged = await protectedCharge(id)
      if (!makes('confirms without the reference')) paymentRef = charged
    } catch (error) {
      if (!makes('confirms without a charge')) return statusOf(error)
    }
    if (makes('notifies before it is confirmed')) notifier.orderConfirmed(id)
    const status = await confirm(id, paymentRef)
    if (makes('no notification') || makes('notifies before it is confirmed')) return status
    if (status === 200 || makes('notifies whatever events answers')) {
      const telling: unknown = notifier.orderConfirmed(id)
      if (makes('waits for the notification')) await telling
    }
    return makes('always 200') ? 200 : status
  }
}

/** A full bulkhead as a failure of payments. */
function asTimeout(error: unknown): never {
  throw error instanceof BulkheadFullError ? new UpstreamError('payments', 'unreachable', error) : error
}
