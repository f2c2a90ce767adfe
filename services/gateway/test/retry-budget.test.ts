import { gatewayApp } from '@quickticket/testing/gateway-app'
import { counted as counts } from '@quickticket/testing/series'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { gatewayMetrics } from '../src/metrics.ts'
import { createRetry } from '../src/policies/retry.ts'
import { createRetryBudget } from '../src/policies/retry-budget.ts'
import { fakeUpstream, send } from './fake-upstream.ts'

const RESERVE = 20

test('few calls can all be retried, many calls only up to the share', () => {
  const budget = createRetryBudget(20)
  let granted = 0
  for (let call = 0; call < 1000; call++) {
    budget.deposit()
    for (let retry = 0; retry < 2; retry++) if (budget.withdraw()) granted++
  }
  expect(granted).toBeGreaterThanOrEqual(200)
  expect(granted).toBeLessThanOrEqual(200 + RESERVE)
})

test('unused budget does not accumulate beyond the reserve', () => {
  const budget = createRetryBudget(100)
  for (let call = 0; call < 1000; call++) budget.deposit()
  let granted = 0
  while (budget.withdraw()) granted++
  expect(granted).toBe(RESERVE)
})

test('200 buyers of a service that is down make at most a fifth more calls, and the reserve', async () => {
  let calls = 0
  const retry = retryWith({ attempts: 5, percent: 20 })
  const buyers = Array.from({ length: 200 }, () =>
    retry(async () => {
      calls++
      throw new Error('down')
    }).catch(() => undefined),
  )
  await Promise.all(buyers)
  expect(calls).toBeGreaterThan(200)
  expect(calls).toBeLessThanOrEqual(200 * 1.2 + RESERVE)
})

test('without a budget only RETRY_MAX limits: 100 pays that need three attempts each get them', async () => {
  const attempts = new Map<unknown, number>()
  const events = await fakeUpstream((_request, response) =>
    send(response, 200, { total_cents: 1, charge_before: 0 }),
  )
  const payments = await fakeUpstream(({ headers: { 'idempotency-key': key } }, response) => {
    attempts.set(key, (attempts.get(key) ?? 0) + 1)
    send(response, attempts.get(key) === 3 ? 200 : 500, { payment_ref: 'PAY-00000000' })
  })
  const { app } = await gatewayApp({
    EVENTS_URL: events.url,
    PAYMENTS_URL: payments.url,
    RETRY_MAX: '3',
    RETRY_BASE_DELAY_MS: '0',
  })
  const pays = await Promise.all(
    Array.from({ length: 100 }, (_, i) => app.inject({ method: 'POST', url: `/reserve/${i}/pay` })),
  )
  expect(pays.map(({ statusCode }) => statusCode)).toEqual(Array(100).fill(200))
  expect(await counts(app, 'gateway_retry_total')).toEqual({
    'gateway_retry_total{target="payments",result="retried"}': 200,
    'gateway_retry_total{target="payments",result="succeeded_after_retry"}': 100,
  })
  await app.close()
  events.close()
  payments.close()
})

test('a Retry-After of the other side is respected, unless the deadline comes first', async () => {
  const waits: number[] = []
  const retry = retryWith({ attempts: 2, percent: 100, retryAfterMs: 30 })
  let before = performance.now()
  await retry(async () => {
    waits.push(performance.now() - before)
    before = performance.now()
    throw new Error('busy')
  }).catch(() => undefined)
  expect(waits).toHaveLength(2)
  expect(waits[1]).toBeGreaterThanOrEqual(29)

  const impatient = retryWith({ attempts: 2, percent: 100, retryAfterMs: 60_000 })
  let calls = 0
  await impatient(async () => {
    calls++
    throw new Error('busy')
  }).catch(() => undefined)
  expect(calls).toBe(1)
})

function retryWith({
  attempts,
  percent,
  retryAfterMs = 0,
}: {
  attempts: number
  percent: number
  retryAfterMs?: number
}) {
  return createRetry({
    attempts,
    baseDelayMs: 0,
    deadlineMs: 10_000,
    isRetryable: () => true,
    retryAfterMs: () => retryAfterMs,
    budget: createRetryBudget(percent),
    target: 'payments',
    retries: gatewayMetrics(new Registry()).retries,
  })
}
