import { randomUUID } from 'node:crypto'
import { paymentsApp } from '@quickticket/testing/payments-app'
import { series } from '@quickticket/testing/series'
import { expect, test } from 'vitest'

test('a charge answers its reference: PAY- and 8 upper-case hex digits', async () => {
  const payments = await paymentsApp()
  const answer = await payments.charge('r-1')
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({
    status: 'charged',
    payment_ref: expect.stringMatching(/^PAY-[0-9A-F]{8}$/),
  })
})

test('charging again with the same key is one charge with one reference', async () => {
  const payments = await paymentsApp()
  const answers = await Promise.all(Array.from({ length: 10 }, () => payments.charge('r-1')))
  expect(new Set(answers.map((answer) => answer.json().payment_ref)).size).toBe(1)
  expect(await series(payments.app, 'payments_charges_total')).toMatchObject({
    'payments_charges_total{result="success"}': 1,
    'payments_charges_total{result="replayed"}': 9,
  })
})

test('the reference comes from the key, so that every replica answers the same one, also after a restart', async () => {
  const [one, another] = [await paymentsApp(), await paymentsApp()]
  const key = randomUUID()
  const first = (await one.charge(key)).json().payment_ref
  expect((await another.charge(key)).json().payment_ref).toBe(first)
  expect((await another.charge(randomUUID())).json().payment_ref).not.toBe(first)
})

test('Idempotency-Key is the key; without one, the reservation is', async () => {
  const payments = await paymentsApp()
  const ref = async (reservation: string, key?: string) =>
    (await payments.charge(reservation, {}, key ? { 'idempotency-key': key } : {})).json().payment_ref
  expect(await ref('r-1', 'key')).toBe(await ref('r-2', 'key'))
  expect(await ref('r-1', 'other')).not.toBe(await ref('r-1', 'key'))
  expect(await ref('r-1')).toBe(await ref('r-9', 'r-1'))
})

test('a voided charge is given back once; voiding it again, or what was never charged, is fine', async () => {
  const payments = await paymentsApp()
  const { payment_ref } = (await payments.charge('r-1')).json()
  for (const id of ['r-1', 'r-1', 'never-charged']) {
    const answer = await payments.void(id)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ status: 'voided' })
  }
  expect((await payments.void('r-1')).json().payment_ref).toBe(payment_ref)
  expect(await series(payments.app, 'payments_voids_total')).toEqual({
    'payments_voids_total{result="success"}': 2,
    'payments_voids_total{result="replayed"}': 2,
  })
})

test('what was voided is not charged any more, and a void says whether there was a charge', async () => {
  const payments = await paymentsApp()
  await payments.charge('r-1')
  for (const id of ['r-1', 'r-1']) expect((await payments.void(id)).json()).toMatchObject({ charged: true })
  expect((await payments.void('r-2')).json()).toMatchObject({ charged: false })
  for (const id of ['r-1', 'r-2'])
    expect((await payments.charge(id)).json()).toMatchObject({ status: 409, error: 'charge_voided' })
  expect(await series(payments.app, 'payments_charges_total')).toMatchObject({
    'payments_charges_total{result="success"}': 1,
    'payments_charges_total{result="refused"}': 2,
  })
})

test('a key is not charged with another amount, and the ledger says so', async () => {
  const payments = await paymentsApp()
  await payments.charge('r-1', { amount: 1000 })
  expect((await payments.charge('r-1', { amount: 2000 })).json()).toMatchObject({
    status: 422,
    error: 'idempotency_key_reused',
  })
  expect(payments.ledger().at(-1)).toMatchObject({ ledger: 'refused', amount: 2000, charged_amount: 1000 })
  expect((await payments.charge('r-1', { amount: 1000 })).statusCode).toBe(200)
})

test('a charge that comes after its checkout was over is refused and takes no effect', async () => {
  const payments = await paymentsApp()
  const late = await payments.charge('r-1', { charge_before: Date.now() - 1 })
  expect(late.statusCode).toBe(409)
  expect(late.json()).toMatchObject({ error: 'charge_expired' })
  expect(payments.ledger()).toEqual([])
  const inTime = await payments.charge('r-1', { charge_before: Date.now() + 60_000 })
  expect(inTime.statusCode).toBe(200)
  expect(await series(payments.app, 'payments_charges_total')).toEqual({
    'payments_charges_total{result="success"}': 1,
    'payments_charges_total{result="failed"}': 0,
    'payments_charges_total{result="replayed"}': 0,
    'payments_charges_total{result="expired"}': 1,
    'payments_charges_total{result="refused"}': 0,
  })
})

test('a charge that its own delay makes too late is refused', async () => {
  const payments = await paymentsApp({ PAYMENT_LATENCY_MS: '50' })
  const late = await payments.charge('r-1', { charge_before: Date.now() + 10 })
  expect(late.json()).toMatchObject({ status: 409, error: 'charge_expired' })
})

test.each([
  ['no reservation', { amount: 1 }],
  ['no amount', { reservation_id: 'r-1' }],
  ['an amount below zero', { reservation_id: 'r-1', amount: -1 }],
  ['half a cent', { reservation_id: 'r-1', amount: 0.5 }],
  ['an amount as a text', { reservation_id: 'r-1', amount: '100' }],
  ['an empty reservation', { reservation_id: '', amount: 1 }],
  ['a reservation that is too long', { reservation_id: 'r'.repeat(129), amount: 1 }],
])('%s is refused with 400', async (_what, payload) => {
  const { app, ledger } = await paymentsApp()
  const answer = await app.inject({ method: 'POST', url: '/charge', payload })
  expect(answer.json()).toMatchObject({ status: 400, error: 'invalid_body' })
  expect(ledger()).toEqual([])
})

test('a charge of nothing is fine: some events are free', async () => {
  const payments = await paymentsApp()
  expect((await payments.charge('r-1', { amount: 0 })).statusCode).toBe(200)
})

test('the routes are documented', async () => {
  const { app } = await paymentsApp()
  const { openapi, paths } = (await app.inject('/openapi.json')).json()
  expect(openapi).toMatch(/^3\.1/)
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/charge', '/void', '/health']))
  expect((await app.inject('/docs')).statusCode).toBe(200)
})
