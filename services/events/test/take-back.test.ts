import { randomUUID } from 'node:crypto'
import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { addEvent, noRedis } from '@quickticket/testing/stores'
import { startTcpProxy } from '@quickticket/testing/tcp-proxy'
import { afterEach, describe, expect, inject, test, vi } from 'vitest'

let events: EventsApp
afterEach(() => events.close())

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  events.app.inject({ method: 'POST', url, payload, headers })
const reserve = (event: number, id: string, quantity = 1) =>
  post(`/events/${event}/reserve`, { quantity }, { 'x-reservation-id': id })
const takeBack = (...reservation_ids: string[]) => post('/reservations/take-back', { reservation_ids })

describe('a reservation whose id the caller chose', () => {
  test('is held once, however often it is asked for', async () => {
    events = await eventsApp()
    const event = await addEvent(events.pool, 5)
    const id = randomUUID()
    const answers = [await reserve(event, id, 3), await reserve(event, id, 3)]
    for (const answer of answers) expect(answer.json()).toMatchObject({ reservation_id: id, quantity: 3 })
    expect((await events.holds.snapshot()).heldByEvent.get(event)).toBe(3)
    expect((await reserve(event, id, 2)).json()).toMatchObject({ status: 409, error: 'reservation_over' })
  })

  test('is taken back, before it comes and after', async () => {
    events = await eventsApp()
    const event = await addEvent(events.pool, 5)
    const [before, after] = [randomUUID(), randomUUID()]
    await reserve(event, before)
    expect((await takeBack(before, after)).json()).toEqual({ status: 'released' })
    expect((await reserve(event, after)).json()).toMatchObject({ status: 409, error: 'reservation_over' })
    expect(await events.holds.count()).toBe(0)
    expect((await events.app.inject(`/reservations/${after}`)).statusCode).toBe(404)
  })

  test('is not taken back any more when it is being paid', async () => {
    events = await eventsApp()
    const event = await addEvent(events.pool, 5)
    const id = randomUUID()
    await reserve(event, id)
    await post(`/reservations/${id}/checkout`, { charge_within_ms: 1000 })
    await takeBack(id)
    expect(await events.holds.find(id)).toMatchObject({ state: 'held' })
  })

  test('has a UUID', async () => {
    events = await eventsApp()
    const event = await addEvent(events.pool, 5)
    expect((await reserve(event, 'mine')).json()).toMatchObject({
      status: 400,
      error: 'invalid_reservation_id',
    })
  })
})

test.skipIf(noRedis)('reservations that Redis answered too late hold nothing when it is back', async () => {
  const url = new URL(inject('redisUrl'))
  const door = await startTcpProxy({ host: url.hostname, port: Number(url.port) })
  events = await eventsApp({ redisPort: door.port })
  const event = await addEvent(events.pool, 25)
  const asked = () => Promise.all(Array.from({ length: 25 }, () => post(`/events/${event}/reserve`, {})))
  // Redis gets the commands, and its answers come late
  door.freeze()
  const answers = await asked()
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(25).fill(503))
  door.thaw()
  await vi.waitFor(async () => {
    const again = await asked()
    expect(again.map(({ statusCode }) => statusCode)).toEqual(Array(25).fill(200))
  }, 10_000)
  await door.shut()
})

describe('the price of an event', () => {
  test('that no order can have is refused where it is written', async () => {
    events = await eventsApp()
    for (const price of [-1, 214_748_365])
      await expect(addEvent(events.pool, 5, price)).rejects.toThrow(/events_price_in_range/)
  })

  test('that is in the database already is refused where it would be reserved', async () => {
    events = await eventsApp()
    await events.pool.query('ALTER TABLE events DROP CONSTRAINT events_price_in_range')
    for (const price of [-1, 2_147_483_647]) {
      const event = await addEvent(events.pool, 5, price)
      expect((await reserve(event, randomUUID(), 2)).json()).toMatchObject({
        status: 409,
        error: 'invalid_price',
      })
    }
    expect(await events.holds.count()).toBe(0)
  })

  test('of ten of the dearest tickets can be paid', async () => {
    events = await eventsApp()
    const event = await addEvent(events.pool, 10, 214_748_364)
    const id = randomUUID()
    expect((await reserve(event, id, 10)).json()).toMatchObject({ total_cents: 2_147_483_640 })
    const opened = await post(`/reservations/${id}/checkout`, { charge_within_ms: 1000 })
    expect(opened.statusCode).toBe(200)
    expect((await post(`/reservations/${id}/confirm`, { payment_ref: 'PAY-1' })).statusCode).toBe(200)
  })
})

test('pays that fail again and again do not prolong the hold without end', async () => {
  events = await eventsApp({ env: { RESERVATION_TTL: '30' } })
  const event = await addEvent(events.pool, 5)
  const id = randomUUID()
  await reserve(event, id)
  for (let pay = 0; pay < 5; pay++) await post(`/reservations/${id}/checkout`, { charge_within_ms: 600_000 })
  const { remainingMs = 0 } = (await events.holds.find(id)) ?? {}
  expect(remainingMs).toBeGreaterThan(60_000)
  expect(remainingMs).toBeLessThanOrEqual(90_000)
  const { rows } = await events.pool.query<{ settling: number }>(
    'SELECT extract(epoch FROM expires_at - charge_before)::integer AS settling FROM checkouts',
  )
  expect(rows).toEqual([{ settling: 10 }])
})
