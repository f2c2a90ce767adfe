import { paymentsApp } from '@quickticket/testing/payments-app'
import { series } from '@quickticket/testing/series'
import { expect, test } from 'vitest'

const CHARGES = 'payments_charges_total'

test('health shows the faults that are injected', async () => {
  const { app } = await paymentsApp({ PAYMENT_FAILURE_RATE: '0.25', PAYMENT_LATENCY_MS: '120' })
  const answer = await app.inject('/health')
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({ status: 'healthy', failure_rate: 0.25, latency_ms: 120, version: '1.0.0' })
})

test('a failure rate of 1 fails every charge, and none takes effect', async () => {
  const payments = await paymentsApp({ PAYMENT_FAILURE_RATE: '1' })
  for (let i = 0; i < 20; i++) {
    const answer = await payments.charge(`r-${i}`)
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ error: 'payment_failed', detail: 'Payment processing failed' })
  }
  expect(payments.ledger()).toEqual([])
  expect(await series(payments.app, CHARGES)).toMatchObject({
    [`${CHARGES}{result="success"}`]: 0,
    [`${CHARGES}{result="failed"}`]: 20,
  })
  expect(payments.logs.lines().filter((line) => line.msg === 'injected failure')).toHaveLength(20)
})

test('a failure rate of 0 fails none', async () => {
  const payments = await paymentsApp({ PAYMENT_FAILURE_RATE: '0' })
  for (let i = 0; i < 20; i++) expect((await payments.charge(`r-${i}`)).statusCode).toBe(200)
})

test('a lost answer is a charge that took effect and was answered with 500', async () => {
  const payments = await paymentsApp({ PAYMENT_LOST_ANSWER_RATE: '1' })
  const answer = await payments.charge('r-1')
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toMatchObject({ error: 'payment_failed' })
  expect(payments.ledger()).toEqual([expect.objectContaining({ ledger: 'charge', reservation_id: 'r-1' })])
  expect(await series(payments.app, CHARGES)).toMatchObject({ [`${CHARGES}{result="success"}`]: 1 })
  await payments.charge('r-1')
  expect(await series(payments.app, CHARGES)).toMatchObject({
    [`${CHARGES}{result="success"}`]: 1,
    [`${CHARGES}{result="replayed"}`]: 1,
  })
})

test('the faults of its own variables are in the ground truth too', async () => {
  const truth = 'payments_fault'
  const payments = await paymentsApp({
    PAYMENT_FAILURE_RATE: '0.5',
    PAYMENT_LATENCY_MS: '1',
    PAYMENT_LOST_ANSWER_RATE: '1',
    FAULT_SEED: '1',
  })
  expect(await series(payments.app, truth)).toEqual({
    [`${truth}_active{fault="latency"}`]: 1,
    [`${truth}_active{fault="status"}`]: 1,
    [`${truth}_active{fault="lost-response"}`]: 1,
  })
  for (let i = 0; i < 40; i++) expect((await payments.charge(`r-${i}`)).statusCode).toBe(500)
  const counted = await series(payments.app, CHARGES)
  const failed = counted[`${CHARGES}{result="failed"}`]
  const charged = counted[`${CHARGES}{result="success"}`]
  expect(Number(failed) + Number(charged)).toBe(40)
  expect(await series(payments.app, `${truth}s_injected_total`)).toEqual({
    [`${truth}s_injected_total{fault="latency",path="/charge"}`]: 40,
    [`${truth}s_injected_total{fault="status",path="/charge"}`]: failed,
    [`${truth}s_injected_total{fault="lost-response",path="/charge"}`]: charged,
  })
})

test('with FAULT_SEED, the same charges fail again', async () => {
  async function failures(FAULT_SEED: string): Promise<boolean[]> {
    const payments = await paymentsApp({ PAYMENT_FAILURE_RATE: '0.5', FAULT_SEED })
    const failed: boolean[] = []
    for (let i = 0; i < 40; i++) failed.push((await payments.charge(`r-${i}`)).statusCode === 500)
    return failed
  }
  const first = await failures('1')
  expect(new Set(first)).toEqual(new Set([true, false]))
  expect(await failures('1')).toEqual(first)
  expect(await failures('2')).not.toEqual(first)
})

test('FAULTS strikes charges before they are charges', async () => {
  const payments = await paymentsApp({ FAULTS: 'POST /charge 100% status=503' })
  expect((await payments.charge('r-1')).json()).toMatchObject({ status: 503, error: 'injected_fault' })
  expect((await payments.void('r-1')).statusCode).toBe(200)
  expect(await series(payments.app, CHARGES)).toMatchObject({ [`${CHARGES}{result="failed"}`]: 0 })
})

test('health, voids and other charges do not wait for a slow charge', async () => {
  const payments = await paymentsApp({ PAYMENT_LATENCY_MS: '100' })
  const ended: string[] = []
  const end = (name: string) => (answer: { statusCode: number }) => ended.push(`${name} ${answer.statusCode}`)
  const charges = ['r-1', 'r-2'].map((id) => payments.charge(id).then(end('charge')))
  await payments.logs.until((line) => line.msg === 'injected latency' && line.reservation_id === 'r-2')
  await payments.app.inject('/health').then(end('health'))
  await payments.void('r-3').then(end('void'))
  await Promise.all(charges)
  expect(ended).toEqual(['health 200', 'void 200', 'charge 200', 'charge 200'])
})

test('faults that are not asked for are not logged', async () => {
  const payments = await paymentsApp()
  await payments.charge('r-1')
  expect(payments.logs.text()).not.toContain('injected')
})

test('every charge and void is in the ledger, at every LOG_LEVEL', async () => {
  for (const LOG_LEVEL of ['debug', 'info', 'warn', 'error']) {
    const payments = await paymentsApp({ LOG_LEVEL })
    await payments.charge('r-1', { amount: 700 }, { 'idempotency-key': 'k-1', 'x-request-id': 'q-1' })
    await payments.charge('r-1', { amount: 700 }, { 'idempotency-key': 'k-1' })
    await payments.void('r-1', { 'idempotency-key': 'k-1' })
    const [first, second, third] = payments.ledger()
    expect(first).toMatchObject({
      level: 'INFO',
      service: 'payments',
      msg: 'payment success',
      request_id: 'q-1',
      ledger: 'charge',
      key: 'k-1',
      reservation_id: 'r-1',
      amount: 700,
      payment_ref: expect.stringMatching(/^PAY-[0-9A-F]{8}$/),
      replayed: false,
    })
    expect(second).toMatchObject({ ledger: 'charge', payment_ref: first?.payment_ref, replayed: true })
    expect(third).toMatchObject({
      msg: 'payment voided',
      ledger: 'void',
      reservation_id: 'r-1',
      payment_ref: first?.payment_ref,
      replayed: false,
    })
  }
})
