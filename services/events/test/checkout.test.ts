import { randomUUID } from 'node:crypto'
import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { series } from '@quickticket/testing/series'
import { addEvent } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let events: EventsApp
beforeAll(async () => {
  events = await eventsApp({ env: { RESERVATION_TTL: '60' } })
})
afterAll(() => events.close())

const post = (url: string, payload: object) => events.app.inject({ method: 'POST', url, payload })
const checkout = (id: string, charge_within_ms: unknown = 5000) =>
  post(`/reservations/${id}/checkout`, { charge_within_ms })
const confirm = (id: string, payment_ref: unknown = 'PAY-12345678') =>
  post(`/reservations/${id}/confirm`, { payment_ref })

async function reserved(seats = 10, quantity = 2): Promise<{ id: string; event: number }> {
  const event = await addEvent(events.pool, seats, 1000)
  const answer = await post(`/events/${event}/reserve`, { quantity })
  return { id: answer.json().reservation_id, event }
}

async function checkoutRow(id: string) {
  const { rows } = await events.pool.query('SELECT * FROM checkouts WHERE reservation_id = $1', [id])
  return rows[0]
}

describe('a checkout', () => {
  test('answers the amount and until when it may be charged, and is written down before', async () => {
    const { id, event } = await reserved()
    const before = Date.now()
    const answer = await checkout(id, 5000)
    expect(answer.statusCode).toBe(200)
    const { charge_before, ...rest } = answer.json()
    expect(rest).toEqual({ reservation_id: id, event_id: event, quantity: 2, total_cents: 2000 })
    expect(charge_before).toBeGreaterThanOrEqual(before + 4000)
    expect(charge_before).toBeLessThanOrEqual(Date.now() + 6000)
    const row = await checkoutRow(id)
    expect(row).toMatchObject({ state: 'open', event_id: event, quantity: 2, total_cents: 2000 })
    expect(row.charge_before.getTime()).toBe(charge_before)
    expect(row.expires_at.getTime()).toBeGreaterThan(charge_before)
  })

  test('keeps the seats held past the last moment of the charge', async () => {
    const { id } = await reserved()
    const { charge_before } = (await checkout(id, 30_000)).json()
    const hold = await events.holds.find(id)
    expect(hold?.remainingMs).toBeGreaterThan(30_000)
    expect((await checkoutRow(id)).expires_at.getTime()).toBeGreaterThan(charge_before)
  })

  test('that is opened again never ends sooner', async () => {
    const { id } = await reserved()
    const first = (await checkout(id, 60_000)).json().charge_before
    expect((await checkout(id, 1)).json().charge_before).toBe(first)
    expect((await checkout(id, 120_000)).json().charge_before).toBeGreaterThan(first)
  })

  test('of a paid reservation answers its order', async () => {
    const { id, event } = await reserved()
    await checkout(id)
    const order = (await confirm(id)).json()
    const answer = await checkout(id)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ reservation_id: id, event_id: event, order })
    expect(answer.json()).not.toHaveProperty('charge_before')
  })

  test.each([0, -1, 1.5, '100', null, 600_001])('of %j ms is refused', async (chargeWithinMs) => {
    const { id } = await reserved()
    expect((await checkout(id, chargeWithinMs)).json()).toMatchObject({ status: 400, error: 'invalid_body' })
    expect(await checkoutRow(id)).toBeUndefined()
  })

  test('of a reservation that is unknown or over is 404, and nothing is written down', async () => {
    const unknown = randomUUID()
    expect((await checkout(unknown)).json()).toMatchObject({ status: 404, error: 'reservation_not_found' })
    const { id } = await reserved()
    await events.holds.release(id)
    expect((await checkout(id)).statusCode).toBe(404)
    expect(await checkoutRow(unknown)).toBeUndefined()
    expect(await checkoutRow(id)).toBeUndefined()
  })

  test('that was given up cannot be opened again', async () => {
    const { id } = await reserved()
    await checkout(id)
    await events.pool.query(
      `UPDATE checkouts SET state = 'voiding', void_at = now() WHERE reservation_id = $1`,
      [id],
    )
    expect((await checkout(id)).statusCode).toBe(404)
    expect((await confirm(id)).statusCode).toBe(404)
  })
})

describe('to confirm', () => {
  test('makes the order, with the reservation’s id, and ends the hold', async () => {
    const { id, event } = await reserved()
    await checkout(id)
    const answer = await confirm(id, 'PAY-ABCDEF01')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      order_id: id,
      event_id: event,
      quantity: 2,
      total_cents: 2000,
      status: 'confirmed',
    })
    const { rows } = await events.pool.query('SELECT * FROM orders WHERE id = $1', [id])
    expect(rows).toEqual([expect.objectContaining({ payment_ref: 'PAY-ABCDEF01', status: 'confirmed' })])
    expect(await checkoutRow(id)).toMatchObject({ state: 'confirmed', payment_ref: 'PAY-ABCDEF01' })
    expect(await events.holds.find(id)).toMatchObject({ state: 'sold' })
    expect((await events.app.inject(`/events/${event}`)).json()).toMatchObject({ available: 8 })
    expect(events.logs.lines()).toContainEqual(
      expect.objectContaining({ msg: 'order confirmed', order_id: id }),
    )
  })

  test('works without a checkout, as in the course', async () => {
    const { id } = await reserved()
    expect((await confirm(id)).json()).toMatchObject({ order_id: id, status: 'confirmed' })
  })

  test('ten times at once is one order, and each answer the same', async () => {
    const { id, event } = await reserved()
    const before = await series(events.app, 'events_orders_total')
    await checkout(id)
    const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(id)))
    expect(answers.map((answer) => answer.statusCode)).toEqual(Array(10).fill(200))
    for (const answer of answers) expect(answer.json()).toEqual(answers[0]?.json())
    expect((await events.app.inject(`/events/${event}`)).json()).toMatchObject({ available: 8 })
    const after = await series(events.app, 'events_orders_total')
    expect((after.events_orders_total ?? 0) - (before.events_orders_total ?? 0)).toBe(1)
  })

  test('a reservation that is unknown or over is 404', async () => {
    expect((await confirm(randomUUID())).json()).toMatchObject({
      status: 404,
      error: 'reservation_not_found',
      detail: 'Reservation not found or expired',
    })
    const { id } = await reserved()
    await events.holds.release(id)
    expect((await confirm(id)).statusCode).toBe(404)
  })

  test('seats that are gone is 409, frees the hold, and leaves the charge to be given back', async () => {
    const { id, event } = await reserved(5, 2)
    await checkout(id)
    await events.pool.query(
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, 4, 0, 'PAY-0')`,
      [randomUUID(), event],
    )
    expect((await confirm(id)).json()).toMatchObject({ status: 409, error: 'sold_out' })
    expect((await checkoutRow(id)).state).toBe('voiding')
    expect(await events.holds.find(id)).toMatchObject({ state: 'released' })
    expect((await confirm(id)).statusCode).toBe(404)
    expect((await post(`/events/${event}/reserve`, { quantity: 1 })).statusCode).toBe(200)
  })

  test.each(['', 'x'.repeat(65), 1, null, 'PAY-\u0000'])(
    'with the reference %j is refused',
    async (reference) => {
      const { id } = await reserved()
      expect((await confirm(id, reference)).json()).toMatchObject({ status: 400, error: 'invalid_body' })
    },
  )
})

test('an id that no database can hold is refused', async () => {
  expect((await checkout('a%00b')).statusCode).toBe(422)
  expect((await confirm('a%00b')).statusCode).toBe(422)
})
