import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { addEvent } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let events: EventsApp
beforeAll(async () => {
  events = await eventsApp({ env: { RESERVATION_TTL: '120' } })
})
afterAll(() => events.close())

const reserve = (event: number | string, payload: unknown = { quantity: 1 }) =>
  events.app.inject({ method: 'POST', url: `/events/${event}/reserve`, payload: payload as object })

describe('events', () => {
  test('are listed and shown as they are in the database', async () => {
    const id = await addEvent(events.pool, 10)
    const one = await events.app.inject(`/events/${id}`)
    expect(one.statusCode).toBe(200)
    expect(one.json()).toMatchObject({ id, total_tickets: 10, available: 10 })
    expect((await events.app.inject('/events')).json()).toContainEqual(one.json())
  })

  test.each(['999', '0', '-1', '99999999999', '+999'])('%s is no event’s id: 404', async (id) => {
    const answer = await events.app.inject(`/events/${id}`)
    expect(answer.json()).toMatchObject({ status: 404, error: 'event_not_found', detail: 'Event not found' })
    expect((await reserve(id)).statusCode).toBe(404)
  })

  test.each(['abc', '1.5', '1e3', '0x1', 'NaN', '%20', '1%2F2', '9'.repeat(19)])(
    '%s is no integer: 422',
    async (id) => {
      expect((await events.app.inject(`/events/${id}`)).json()).toMatchObject({
        status: 422,
        error: 'invalid_event_id',
      })
      expect((await reserve(id)).statusCode).toBe(422)
    },
  )
})

describe('a reservation', () => {
  test('holds seats for the configured time', async () => {
    const id = await addEvent(events.pool, 10, 1500)
    const answer = await reserve(id, { quantity: 3 })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      reservation_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      event_id: id,
      quantity: 3,
      total_cents: 4500,
      expires_in_seconds: 120,
    })
    const hold = await events.holds.find(answer.json().reservation_id)
    expect(hold).toMatchObject({ eventId: id, quantity: 3, totalCents: 4500, state: 'held' })
    expect(hold?.remainingMs).toBeLessThanOrEqual(120_000)
    expect(hold?.remainingMs).toBeGreaterThan(60_000)
    expect(events.logs.lines()).toContainEqual(
      expect.objectContaining({ msg: 'reservation made', event_id: id }),
    )
  })

  test('is for one seat when no quantity is given', async () => {
    const id = await addEvent(events.pool, 10)
    expect((await reserve(id, {})).json()).toMatchObject({ quantity: 1 })
  })

  test.each([1, 10])('can be for %i seats', async (quantity) => {
    const id = await addEvent(events.pool, 10)
    expect((await reserve(id, { quantity })).json()).toMatchObject({ quantity })
  })

  test.each([0, -1, 11, 1e9, 1.5, '2', null, true, [1], {}])('cannot be for %j seats', async (quantity) => {
    const id = await addEvent(events.pool, 10)
    const answer = await reserve(id, { quantity })
    expect(answer.json()).toMatchObject({
      status: 400,
      error: 'invalid_quantity',
      detail: 'Quantity must be 1-10',
    })
  })

  test('needs a body', async () => {
    const id = await addEvent(events.pool, 10)
    for (const payload of [undefined, 'null', '[]', '"1"']) {
      const answer = await events.app.inject({
        method: 'POST',
        url: `/events/${id}/reserve`,
        headers: { 'content-type': 'application/json' },
        ...(payload && { payload }),
      })
      expect(answer.json()).toMatchObject({
        status: 400,
        error: 'body_required',
        detail: 'Request body required',
      })
    }
  })

  test('is refused when there are too few seats, with their number', async () => {
    const id = await addEvent(events.pool, 5)
    await reserve(id, { quantity: 3 })
    const answer = await reserve(id, { quantity: 3 })
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toMatchObject({
      error: 'sold_out',
      detail: 'Not enough tickets (available: 2)',
      available: 2,
    })
    expect((await reserve(id, { quantity: 2 })).statusCode).toBe(200)
    expect((await reserve(id)).json()).toMatchObject({ available: 0 })
  })
})

test('120 buyers at a time get the 25 seats there are, and the others a proper no', async () => {
  const id = await addEvent(events.pool, 25)
  const answers = await Promise.all(Array.from({ length: 120 }, () => reserve(id)))
  const statuses = answers.map((answer) => answer.statusCode)
  expect(statuses.filter((status) => status === 200)).toHaveLength(25)
  expect(statuses.filter((status) => status === 409)).toHaveLength(95)
  expect((await events.holds.snapshot()).heldByEvent.get(id)).toBe(25)
})

test('seats that are sold are not reserved again, though the sale went past the holds', async () => {
  const id = await addEvent(events.pool, 5)
  await events.pool.query(
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('past', $1, 4, 0, 'PAY-0')`,
    [id],
  )
  expect((await reserve(id, { quantity: 2 })).json()).toMatchObject({ status: 409, available: 1 })
  expect((await reserve(id, { quantity: 1 })).statusCode).toBe(200)
})

test('a hold whose sale is committed already does not count twice', async () => {
  const id = await addEvent(events.pool, 5)
  const { reservation_id } = (await reserve(id, { quantity: 3 })).json()
  await events.pool.query(
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, 3, 0, 'PAY-0')`,
    [reservation_id, id],
  )
  await events.pool.query(`INSERT INTO outbox (topic, order_id, due_at) VALUES ('hold', $1, now())`, [
    reservation_id,
  ])
  expect((await reserve(id, { quantity: 2 })).statusCode).toBe(200)
  expect((await reserve(id)).json()).toMatchObject({ status: 409, available: 0 })
})

test('seats of different events do not touch each other', async () => {
  const [first, second] = [await addEvent(events.pool, 1), await addEvent(events.pool, 1)]
  expect((await reserve(first)).statusCode).toBe(200)
  expect((await reserve(second)).statusCode).toBe(200)
})
