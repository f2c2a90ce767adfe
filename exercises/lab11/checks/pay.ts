import { ChargeRefused, isTransient } from '@quickticket/gateway/payments-client'
import { createBreaker } from '@quickticket/gateway/policies/breaker'
import { createBulkhead } from '@quickticket/gateway/policies/bulkhead'
import { createRetry } from '@quickticket/gateway/policies/retry'
import { UpstreamError } from '@quickticket/kit/http-client'
import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { PayDeps, Subjects } from '../shapes.ts'
import { type Clock, withClock } from './clock.ts'
import { countBy } from './counted.ts'
import { rememberLog } from './log.ts'
import { watch } from './watch.ts'

type Subject = Subjects['pay']

/** The patterns of the gateway: three attempts, a circuit of two failures, a bulkhead of one place. */
function patterns(): Pick<PayDeps, 'bulkhead' | 'breaker' | 'retry'> {
  return {
    bulkhead: createBulkhead({ target: 'payments', limit: 1, waitMs: 0, onRejected() {} }),
    breaker: createBreaker({
      failureThreshold: 2,
      cooldownMs: 30_000,
      isFailure: isTransient,
      transitions: countBy('to').counter,
      log: rememberLog().log,
    }),
    retry: createRetry({
      attempts: 3,
      baseDelayMs: 100,
      deadlineMs: 5000,
      isRetryable: isTransient,
      target: 'payments',
      retries: countBy('result', 'target').counter,
    }),
  }
}

/** A shop whose payments fail with these errors, one a charge, and work after that. */
function shopOf(
  { createPay }: Subject,
  clock: Clock,
  failures: Error[] = [],
  overrides: Partial<PayDeps> = {},
) {
  const happened: string[] = []
  const pay = createPay({
    ...patterns(),
    notifier: { orderConfirmed: (id) => void happened.push(`notify ${id}`) },
    async charge(id) {
      happened.push(`charge ${id}`)
      const failure = failures.shift()
      if (failure) throw failure
      return 'PAY-00000000'
    },
    async confirm(id, paymentRef) {
      happened.push(`confirm ${id} ${paymentRef}`)
      return 200
    },
    ...overrides,
  })
  return {
    happened,
    charges: () => happened.filter((step) => step.startsWith('charge')).length,
    begin: (id: string) => watch(() => pay(id)),
    /** Pays, and lets 5 s pass. @returns the status */
    async pay(id: string) {
      const outcome = watch(() => pay(id))
      await clock.pass(5000)
      return outcome.value
    },
  }
}

const requires = (
  words: string,
  verify: (subject: Subject, clock: Clock) => Promise<void>,
): Check<Subject> => ({ requires: words, verify: (subject) => withClock((clock) => verify(subject, clock)) })

const failed = () => new ChargeRefused(500, undefined)
const allFail = () => Array.from({ length: 100 }, failed)

export const checks = [
  requires(
    'a payment is charged, confirmed, and the buyer gets what events answers',
    async (subject, clock) => {
      const shop = shopOf(subject, clock)
      expect(await shop.pay('a'), 'status').toBe(200)
      expect(shop.happened.slice(0, 2), 'what happened').toEqual(['charge a', 'confirm a PAY-00000000'])
    },
  ),
  requires('a confirmed order is passed to the notifier, after it was confirmed', async (subject, clock) => {
    const shop = shopOf(subject, clock)
    await shop.pay('a')
    expect(shop.happened.slice(1), 'what happened').toEqual(['confirm a PAY-00000000', 'notify a'])
  }),
  requires('the buyer does not wait for the notification', async (subject, clock) => {
    const notifier = { orderConfirmed: () => new Promise<void>(() => undefined) }
    const shop = shopOf(subject, clock, [], { notifier })
    expect(await shop.pay('a'), 'the status while the notification is in flight').toBe(200)
  }),
  requires('no notification without a confirmation', async (subject, clock) => {
    const shop = shopOf(subject, clock, [], { confirm: async () => 404 })
    expect(await shop.pay('a'), 'status').toBe(404)
    expect(shop.happened, 'what happened').toEqual(['charge a'])
  }),
  requires('what is not charged is not confirmed', async (subject, clock) => {
    const shop = shopOf(subject, clock, allFail())
    await shop.pay('a')
    expect(new Set(shop.happened), 'what happened').toEqual(new Set(['charge a']))
  }),
  requires('a charge that fails is tried again', async (subject, clock) => {
    const shop = shopOf(subject, clock, [failed(), failed()])
    expect(await shop.pay('a'), 'status after two failures').toBe(200)
    expect(shop.charges(), 'charges').toBe(3)
  }),
  requires(
    'the breaker sees one outcome of a payment: it goes around the retries',
    async (subject, clock) => {
      const shop = shopOf(subject, clock, allFail())
      await shop.pay('a')
      expect(shop.charges(), 'charges of one payment, 3 attempts, circuit of 2 failures').toBe(3)
      await shop.pay('b')
      expect(shop.charges(), 'charges of two payments').toBe(6)
    },
  ),
  requires('an open circuit is 503 at once, without a charge and without retries', async (subject, clock) => {
    const shop = shopOf(subject, clock, allFail())
    await shop.pay('a')
    await shop.pay('b')
    const before = shop.charges()
    const third = shop.begin('c')
    await clock.pass(0)
    expect(third.value, 'status at once').toBe(503)
    expect(shop.charges() - before, 'charges').toBe(0)
  }),
  requires('a payment keeps its place in the bulkhead while it waits for a retry', async (subject, clock) => {
    const shop = shopOf(subject, clock, [failed()])
    const first = shop.begin('a')
    await clock.pass(0)
    const second = shop.begin('b')
    await clock.pass(0)
    expect(second.value, 'another payment in between, with one place').toBe(503)
    await clock.pass(5000)
    expect(first.value, 'the first one in the end').toBe(200)
  }),
  requires(
    'a full bulkhead is no failure of payments: the breaker does not see it',
    async (subject, clock) => {
      const gate = Promise.withResolvers<string>()
      const shop = shopOf(subject, clock, [], { charge: () => gate.promise })
      const first = shop.begin('a')
      await clock.pass(0)
      for (const id of ['b', 'c', 'd', 'e']) shop.begin(id)
      await clock.pass(0)
      gate.resolve('PAY-00000000')
      await clock.pass(0)
      expect(first.value, 'the one that had the place').toBe(200)
      expect(await shop.pay('f'), 'the next one').toBe(200)
    },
  ),
  requires('the status says what happened', async (subject, clock) => {
    const statusOf = (error: Error) => shopOf(subject, clock, [error, error, error]).pay('a')
    expect(await statusOf(new ChargeRefused(402, undefined)), 'payments answers 402').toBe(402)
    expect(await statusOf(failed()), 'payments answers 500').toBe(500)
    expect(await statusOf(new UpstreamError('payments', 'unreachable', undefined)), 'no answer').toBe(503)
    expect(await statusOf(new UpstreamError('payments', 'timeout', undefined)), 'none in time').toBe(504)
  }),
]
