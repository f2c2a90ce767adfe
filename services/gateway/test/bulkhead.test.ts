import { afterEach, expect, test } from 'vitest'
import { series } from '../../kit/test/series.ts'
import { BulkheadFullError, createBulkhead } from '../src/bulkhead.ts'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'
import { gatewayApp } from './gateway-app.ts'

const upstreams: FakeUpstream[] = []
afterEach(() => {
  for (const upstream of upstreams.splice(0)) upstream.close()
})

test('as many calls as fit are under way, and one that ends makes room', async () => {
  let rejected = 0
  const bulkhead = createBulkhead('payments', 2, () => rejected++)
  const gate = Promise.withResolvers<string>()
  const first = bulkhead(() => gate.promise)
  const second = bulkhead(() => gate.promise)
  await expect(bulkhead(async () => 'third')).rejects.toBeInstanceOf(BulkheadFullError)
  gate.resolve('done')
  expect(await Promise.all([first, second])).toEqual(['done', 'done'])
  expect(await bulkhead(async () => 'fourth')).toBe('fourth')
  expect(rejected).toBe(1)
})

test('a call that fails makes room too', async () => {
  const bulkhead = createBulkhead('payments', 1, () => undefined)
  await expect(bulkhead(() => Promise.reject(new Error('down')))).rejects.toThrow('down')
  expect(await bulkhead(async () => 'next')).toBe('next')
})

test('charges that hang fill their own compartment: listing goes on, another pay hears at once that it is full', async () => {
  const gate = Promise.withResolvers<void>()
  const charge = Promise.withResolvers<void>()
  const events = await fakeUpstream(({ path }, response) =>
    send(response, 200, path.endsWith('/checkout') ? { total_cents: 1, charge_before: 0 } : []),
  )
  const payments = await fakeUpstream(async (_request, response) => {
    charge.resolve()
    await gate.promise
    send(response, 200, { status: 'charged', payment_ref: 'PAY-00000000' })
  })
  upstreams.push(events, payments)
  const { app } = await gatewayApp({
    EVENTS_URL: events.url,
    PAYMENTS_URL: payments.url,
    BULKHEAD_PAYMENTS_MAX: '1',
  })

  const first = app.inject({ method: 'POST', url: '/reserve/a/pay' })
  await charge.promise
  const second = await app.inject({ method: 'POST', url: '/reserve/b/pay' })
  expect(second).toMatchObject({ statusCode: 503 })
  expect(second.json()).toMatchObject({ error: 'payments_busy', reservation_id: 'b' })
  expect((await app.inject('/events')).statusCode).toBe(200)
  gate.resolve()
  expect((await first).statusCode).toBe(200)
  expect(await series(app, 'gateway_bulkhead_rejections_total')).toEqual({
    'gateway_bulkhead_rejections_total{target="payments"}': 1,
  })
  await app.close()
})
