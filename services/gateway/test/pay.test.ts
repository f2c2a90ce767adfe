import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

/** What changes in the number of charges while something is done. */
async function chargesDuring(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await shop.charges()
  await work()
  const after = await shop.charges()
  const changed = Object.entries(after).map(
    ([result, count]) => [result, count - (before[result] ?? 0)] as const,
  )
  return Object.fromEntries(changed.filter(([, count]) => count > 0))
}

test('a reservation that is paid becomes an order with its id', async () => {
  const event = await shop.addEvent(10, 2500)
  const id = await shop.reserved(event, 3)
  const answer = await shop.pay(id)
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({
    order_id: id,
    event_id: event,
    quantity: 3,
    total_cents: 7500,
    status: 'confirmed',
  })
  expect(await shop.orders(id)).toEqual([
    expect.objectContaining({
      event_id: event,
      quantity: 3,
      total_cents: 7500,
      status: 'confirmed',
      payment_ref: expect.stringMatching(/^PAY-[0-9A-F]{8}$/),
    }),
  ])
  expect(await shop.seatsSold(event)).toBe(3)
})

test('the charge is the price of the event, under the reservation’s id', async () => {
  const id = await shop.reserved(await shop.addEvent(10, 1234), 2)
  await shop.pay(id)
  const [order] = await shop.orders(id)
  expect(shop.payments.ledger().filter((line) => line.reservation_id === id)).toEqual([
    expect.objectContaining({ ledger: 'charge', key: id, amount: 2468, payment_ref: order.payment_ref }),
  ])
})

test('a free event is ordered in the same way', async () => {
  const id = await shop.reserved(await shop.addEvent(5, 0))
  const answer = await shop.pay(id)
  expect(answer.json()).toMatchObject({ order_id: id, total_cents: 0, status: 'confirmed' })
})

test('paying again answers the same order and charges nothing', async () => {
  const event = await shop.addEvent(10)
  const id = await shop.reserved(event)
  const first = (await shop.pay(id)).json()
  const charges = await chargesDuring(async () => {
    for (let i = 0; i < 3; i++) {
      const again = await shop.pay(id)
      expect(again.statusCode).toBe(200)
      expect(again.json()).toEqual(first)
    }
  })
  expect(charges).toEqual({})
  expect(await shop.seatsSold(event)).toBe(1)
})

test('five concurrent pays are one charge and one order', async () => {
  const event = await shop.addEvent(10)
  const id = await shop.reserved(event, 2)
  const charges = await chargesDuring(async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => shop.pay(id)))
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 200, 200])
    for (const answer of answers) expect(answer.json()).toEqual(answers[0]?.json())
  })
  expect(charges.success).toBe(1)
  expect(await shop.orders(id)).toHaveLength(1)
  expect(await shop.seatsSold(event)).toBe(2)
})

test('buyers of the last seats get all of them and no more', async () => {
  const event = await shop.addEvent(10)
  const answers = await Promise.all(
    Array.from({ length: 25 }, async () => {
      const reserved = await shop.reserve(event)
      return reserved.statusCode === 200 ? shop.pay(reserved.json().reservation_id) : reserved
    }),
  )
  const statuses = answers.map((answer) => answer.statusCode).toSorted()
  expect(statuses).toEqual([...Array(10).fill(200), ...Array(15).fill(409)])
  expect(await shop.seatsSold(event)).toBe(10)
})

test('an unknown reservation is not charged', async () => {
  const charges = await chargesDuring(async () => {
    const answer = await shop.pay(randomUUID())
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({
      error: 'reservation_not_found',
      detail: 'Reservation not found or expired',
    })
    expect((await shop.pay('%2e%2e%2fevents')).statusCode).toBe(404)
    expect((await shop.pay('x'.repeat(101))).statusCode).toBe(414)
  })
  expect(charges).toEqual({})
})

test('a reservation that was released is not charged', async () => {
  const id = await shop.reserved(await shop.addEvent(5))
  const released = await shop.gateway.app.inject({ method: 'DELETE', url: `/reserve/${id}` })
  expect(released.json()).toMatchObject({ reservation_id: id, status: 'released' })
  const charges = await chargesDuring(async () => {
    expect((await shop.pay(id)).statusCode).toBe(404)
  })
  expect(charges).toEqual({})
})

test('one request id and one trace go through every service', async () => {
  const traceId = 'c'.repeat(32)
  const id = await shop.reserved(await shop.addEvent(5))
  const requestId = randomUUID()
  await shop.pay(id, { 'x-request-id': requestId, traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
  for (const { logs } of [shop.gateway, shop.events, shop.payments]) {
    const mine = logs.lines().filter((line) => line.request_id === requestId)
    expect(mine.length).toBeGreaterThan(0)
    for (const line of mine) expect(line.trace_id).toBe(traceId)
  }
  const said = [shop.gateway, shop.events, shop.payments].flatMap(({ logs }) =>
    logs.lines().filter((line) => line.request_id === requestId),
  )
  expect(said.map((line) => line.msg)).toEqual(expect.arrayContaining(['payment success', 'order confirmed']))
})
