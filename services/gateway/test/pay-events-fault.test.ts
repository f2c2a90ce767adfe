import { afterEach, expect, test, vi } from 'vitest'
import { fakeUpstream, send } from './fake-upstream.ts'
import { openShop, type Shop, type ShopOptions } from './shop.ts'

let shop: Shop | undefined
afterEach(() => shop?.close())

async function openedShop(options: ShopOptions = {}): Promise<Shop> {
  shop = await openShop(options)
  return shop
}

test('when events is stopped, nothing is charged', async () => {
  const shop = await openedShop()
  const id = await shop.reserved(await shop.addEvent(5))
  await shop.doors.events.shut()
  const answer = await shop.pay(id)
  expect(answer.statusCode).toBe(502)
  expect(answer.json()).toMatchObject({ error: 'events_unavailable', detail: 'Events service unavailable' })
  expect(shop.payments.ledger()).toEqual([])

  await shop.doors.events.open()
  expect((await shop.pay(id)).statusCode).toBe(200)
})

test('when events stops after the charge, paying again makes the order without another charge', async () => {
  const shop = await openedShop()
  const event = await shop.addEvent(5)
  const id = await shop.reserved(event, 2)
  shop.payments.onCharge(() => shop.doors.events.shut())
  const answer = await shop.pay(id)
  expect(answer.statusCode).toBe(502)
  expect(answer.json()).toMatchObject({
    error: 'events_unavailable',
    message: expect.stringMatching(/not charged twice/),
    reservation_id: id,
  })
  expect(await shop.orders(id)).toEqual([])

  shop.payments.onCharge(undefined)
  await shop.doors.events.open()
  expect((await shop.pay(id)).json()).toMatchObject({ order_id: id, status: 'confirmed' })
  expect(await shop.charges()).toMatchObject({ success: 1, replayed: 1 })
  expect(await shop.seatsSold(event)).toBe(2)
})

test('when events hangs, the answer is 504 and nothing is charged', async () => {
  const events = await fakeUpstream(() => {})
  const shop = await openedShop({ gateway: { EVENTS_URL: events.url, GATEWAY_TIMEOUT_MS: '100' } })
  const answer = await shop.pay('r-1')
  expect(answer.statusCode).toBe(504)
  expect(answer.json()).toMatchObject({ error: 'events_timeout' })
  expect(shop.payments.ledger()).toEqual([])
  events.close()
})

test('when events refuses, its answer is passed on and nothing is charged', async () => {
  let status = 0
  const events = await fakeUpstream((_request, response) => send(response, status, { error: 'as it is' }))
  const shop = await openedShop({ gateway: { EVENTS_URL: events.url } })
  for (status of [404, 409, 500, 503]) {
    const answer = await shop.pay('r-1')
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toEqual({ error: 'as it is' })
  }
  expect(shop.payments.ledger()).toEqual([])
  events.close()
})

test('when the seats are gone at payment, the answer is 409 and the charge is refunded', async () => {
  const shop = await openedShop()
  const event = await shop.addEvent(5)
  const id = await shop.reserved(event, 2)
  await sellPastTheShop(shop, event, 4)

  const answer = await shop.pay(id)
  expect(answer.statusCode).toBe(409)
  expect(answer.json()).toMatchObject({ error: 'sold_out', request_id: answer.headers['x-request-id'] })
  await shop.payments.logs.until((line) => line.ledger === 'void')
  expect(shop.payments.ledger().map((line) => [line.ledger, line.reservation_id])).toEqual([
    ['charge', id],
    ['void', id],
  ])
  expect(await shop.orders(id)).toEqual([])
  expect(await shop.seatsSold(event)).toBe(4)
  expect((await shop.reserve(event)).statusCode).toBe(200)

  expect((await shop.pay(id)).statusCode).toBe(404)
  expect(shop.payments.ledger().filter((line) => line.ledger === 'charge')).toHaveLength(1)
})

test('a charge whose answer was lost is refunded when the reservation is released', async () => {
  const shop = await openedShop({ payments: { PAYMENT_LOST_ANSWER_RATE: '1' } })
  const id = await shop.reserved(await shop.addEvent(5))
  expect((await shop.pay(id)).statusCode).toBe(500)
  const released = await shop.gateway.app.inject({ method: 'DELETE', url: `/reserve/${id}` })
  expect(released.json()).toMatchObject({ status: 'refunding' })
  await shop.payments.logs.until((line) => line.ledger === 'void')
  expect(shop.payments.ledger().at(-1)).toMatchObject({ ledger: 'void', reservation_id: id })
  expect((await shop.pay(id)).statusCode).toBe(404)
})

test('an order that was answered is in the database', async () => {
  const shop = await openedShop()
  const event = await shop.addEvent(100)
  const ids = await Promise.all(Array.from({ length: 20 }, () => shop.reserved(event)))
  await Promise.all(
    ids.map(async (id) => {
      expect((await shop.pay(id)).statusCode).toBe(200)
      expect(await shop.orders(id)).toHaveLength(1)
    }),
  )
  await vi.waitFor(async () => expect(await shop.events.holds.count()).toBe(0))
})

/** Sells seats in the database alone, so that the hold store does not know of it. */
async function sellPastTheShop(shop: Shop, event: number, seats: number): Promise<void> {
  await shop.events.pool.query(
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, $3, 0, 'PAY-00000000')`,
    [`other-${event}`, event, seats],
  )
}
