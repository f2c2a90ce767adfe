import { series } from '@quickticket/testing/series'
import { expect, onTestFinished, test } from 'vitest'
import { fakeUpstream, send } from './fake-upstream.ts'
import { openShop, type ShopOptions } from './shop.ts'

async function openedShop(options: ShopOptions) {
  const shop = await openShop(options)
  onTestFinished(() => shop.close())
  return shop
}

/** payments as it answers when its clock is ahead: every checkout is over already. */
const paymentsAhead = (aheadMs: number) =>
  fakeUpstream((_request, response) =>
    send(
      response,
      409,
      { status: 409, error: 'charge_expired', detail: 'The checkout was over' },
      {
        date: new Date(Date.now() + aheadMs).toUTCString(),
      },
    ),
  )

test('payments ahead by 6 s refuses every charge; the refusals are counted and the difference is exported', async () => {
  const payments = await paymentsAhead(6000)
  const shop = await openedShop({ gateway: { PAYMENTS_URL: payments.url } })
  const { app } = shop.gateway
  const id = await shop.reserved(await shop.addEvent(5))
  expect(await series(app, 'gateway_charges_expired_total')).toEqual({ gateway_charges_expired_total: 0 })

  expect((await shop.pay(id)).statusCode).toBe(409)
  expect(await series(app, 'gateway_charges_expired_total')).toEqual({ gateway_charges_expired_total: 1 })
  const clocks = await series(app, 'gateway_clock_difference_seconds')
  expect(clocks['gateway_clock_difference_seconds{target="payments"}']).toBeGreaterThan(4)
  expect(clocks['gateway_clock_difference_seconds{target="payments"}']).toBeLessThanOrEqual(6)
  expect(clocks['gateway_clock_difference_seconds{target="events"}']).toBe(0)
})

test('a charge that is refused for another reason is not counted', async () => {
  const payments = await fakeUpstream((_request, response) =>
    send(response, 409, { status: 409, error: 'payment_in_progress' }),
  )
  const shop = await openedShop({ gateway: { PAYMENTS_URL: payments.url } })
  expect((await shop.pay(await shop.reserved(await shop.addEvent(5)))).statusCode).toBe(409)
  expect(await series(shop.gateway.app, 'gateway_charges_expired_total')).toEqual({
    gateway_charges_expired_total: 0,
  })
})

test('a service that was never called has no clock difference', async () => {
  const shop = await openedShop({})
  expect(await series(shop.gateway.app, 'gateway_clock_difference_seconds')).toEqual({})
})
