import { randomUUID } from 'node:crypto'
import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { addEvent } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let events: EventsApp
beforeAll(async () => {
  events = await eventsApp()
})
afterAll(() => events.close())

const post = (url: string, payload: object = {}) => events.app.inject({ method: 'POST', url, payload })
const find = (id: string) => events.app.inject(`/reservations/${id}`)
const release = (id: string) => events.app.inject({ method: 'POST', url: `/reservations/${id}/release` })
const checkout = (id: string) => post(`/reservations/${id}/checkout`, { charge_within_ms: 5000 })
const confirm = (id: string) => post(`/reservations/${id}/confirm`, { payment_ref: 'PAY-12345678' })

async function reserved(): Promise<{ id: string; event: number }> {
  const event = await addEvent(events.pool, 10, 1000)
  return { id: (await post(`/events/${event}/reserve`, { quantity: 2 })).json().reservation_id, event }
}

const change = (set: string, id: string) =>
  events.pool.query(`UPDATE checkouts SET ${set} WHERE reservation_id = $1`, [id])

describe('a reservation', () => {
  test('that is held says for how long', async () => {
    const { id, event } = await reserved()
    const answer = await find(id)
    expect(answer.statusCode).toBe(200)
    const { expires_in_seconds, ...rest } = answer.json()
    expect(rest).toEqual({
      reservation_id: id,
      event_id: event,
      quantity: 2,
      total_cents: 2000,
      status: 'held',
    })
    expect(expires_in_seconds).toBeGreaterThan(200)
    expect(expires_in_seconds).toBeLessThanOrEqual(300)
  })

  test('whose charge may be under way is being paid; when that time is over, it is held', async () => {
    const { id } = await reserved()
    await checkout(id)
    expect((await find(id)).json()).toMatchObject({ status: 'paying' })
    await change(`charge_before = now() - interval '1 second'`, id)
    expect((await find(id)).json()).toMatchObject({ status: 'held' })
  })

  test('that is paid is confirmed, also when its hold is forgotten', async () => {
    const { id } = await reserved()
    await checkout(id)
    await confirm(id)
    expect((await find(id)).json()).toMatchObject({ status: 'confirmed', quantity: 2, expires_in_seconds: 0 })
  })

  test('that was given back is released', async () => {
    const { id } = await reserved()
    await events.holds.release(id)
    expect((await find(id)).json()).toMatchObject({ status: 'released', expires_in_seconds: 0 })
  })

  test.each([
    ['voiding', null, 'refunding'],
    ['voiding', true, 'refunding'],
    ['voided', true, 'refunded'],
    ['voided', false, 'cancelled'],
  ])('whose checkout is %s, charged %s, is %s', async (state, charged, status) => {
    const { id } = await reserved()
    await checkout(id)
    await change(`state = '${state}', charged = ${charged}, void_at = now() + interval '1 hour'`, id)
    expect((await find(id)).json()).toMatchObject({ status, quantity: 2 })
  })

  test('whose hold was lost while its checkout is open is over', async () => {
    const id = randomUUID()
    const event = await addEvent(events.pool, 10)
    await events.pool.query(
      `INSERT INTO checkouts (reservation_id, event_id, quantity, total_cents, charge_before, expires_at)
       VALUES ($1, $2, 1, 0, now() + interval '1 minute', now() + interval '1 minute')`,
      [id, event],
    )
    expect((await find(id)).json()).toMatchObject({ status: 'expired', event_id: event })
  })

  test('that does not exist is not found', async () => {
    for (const answer of [await find(randomUUID()), await release(randomUUID())]) {
      expect(answer.json()).toMatchObject({ status: 404, error: 'reservation_not_found' })
    }
  })
})

describe('to release', () => {
  test('gives the seats back at once', async () => {
    const { id, event } = await reserved()
    const answer = await release(id)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ reservation_id: id, status: 'released', expires_in_seconds: 0 })
    expect((await post(`/events/${event}/reserve`, { quantity: 10 })).statusCode).toBe(200)
    expect(events.logs.lines()).toContainEqual(
      expect.objectContaining({ msg: 'reservation released', reservation_id: id }),
    )
  })

  test('twice is the same as once', async () => {
    const { id } = await reserved()
    await release(id)
    expect((await release(id)).json()).toMatchObject({ status: 'released' })
  })

  test('a reservation that is paid is refused', async () => {
    const { id, event } = await reserved()
    await checkout(id)
    await confirm(id)
    expect((await release(id)).json()).toMatchObject({ status: 409, error: 'already_paid' })
    expect((await events.app.inject(`/events/${event}`)).json()).toMatchObject({ available: 8 })
  })

  test('in the middle of a payment gives the charge back too, and keeps it from becoming an order', async () => {
    const { id, event } = await reserved()
    await checkout(id)
    expect((await release(id)).json()).toMatchObject({ status: 'refunding' })
    expect((await confirm(id)).statusCode).toBe(404)
    const { rows } = await events.pool.query('SELECT state FROM checkouts WHERE reservation_id = $1', [id])
    expect(rows).toEqual([{ state: 'voiding' }])
    expect((await post(`/events/${event}/reserve`, { quantity: 10 })).statusCode).toBe(200)
  })

  test('and to confirm at the same time end in one of both, never in half', async () => {
    for (let i = 0; i < 20; i++) {
      const { id, event } = await reserved()
      await checkout(id)
      const [released, confirmed] = await Promise.all([release(id), confirm(id)])
      const { available } = (await events.app.inject(`/events/${event}`)).json()
      const { status } = (await find(id)).json()
      expect([
        { confirmed: 200, released: 409, available: 8, status: 'confirmed' },
        { confirmed: 404, released: 200, available: 10, status: 'refunding' },
      ]).toContainEqual({ confirmed: confirmed.statusCode, released: released.statusCode, available, status })
    }
  })
})
