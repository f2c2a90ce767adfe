import { type EventsApp, eventsApp } from '@quickticket/testing/events-app'
import { addEvent } from '@quickticket/testing/stores'
import { afterEach, expect, test } from 'vitest'
import type { HoldStore } from '../src/hold-store.ts'

let events: EventsApp
afterEach(() => events.close())

const post = (url: string, payload: object = {}) => events.app.inject({ method: 'POST', url, payload })

/** A shop in which a client releases a reservation at one moment of its checkout. */
async function shopThatReleases(moment: 'before' | 'after', step: 'prolong' | 'complete') {
  let released: Promise<{ statusCode: number; json(): { status: string } }> | undefined
  const release = async (id: string) => {
    released ??= post(`/reservations/${id}/release`)
    await released
  }
  const around = (holds: HoldStore): HoldStore => ({
    ...holds,
    async prolong(id, minimumMs) {
      if (step === 'prolong' && moment === 'before') await release(id)
      const hold = await holds.prolong(id, minimumMs)
      if (step === 'prolong' && moment === 'after') await release(id)
      return hold
    },
    async complete(sale) {
      if (step === 'complete') await release(sale.reservationId)
      return holds.complete(sale)
    },
  })
  events = await eventsApp({ around })
  const event = await addEvent(events.pool, 5)
  const { reservation_id: id } = (await post(`/events/${event}/reserve`, { quantity: 5 })).json()
  return { id, event, released: async () => (await released)?.json() }
}

const checkout = (id: string) => post(`/reservations/${id}/checkout`, { charge_within_ms: 5000 })
const confirm = (id: string) => post(`/reservations/${id}/confirm`, { payment_ref: 'PAY-12345678' })

test.each(['before', 'after'] as const)(
  'a reservation that is released right %s its checkout made sure of the seats is not paid',
  async (moment) => {
    const { id, event, released } = await shopThatReleases(moment, 'prolong')
    expect((await checkout(id)).statusCode).toBe(404)
    expect(await released()).toMatchObject({ status: 'released' })
    expect((await post(`/events/${event}/reserve`, { quantity: 5 })).statusCode).toBe(200)
    expect((await confirm(id)).statusCode).toBe(404)
    expect((await events.pool.query('SELECT * FROM orders')).rows).toEqual([])
    expect((await events.app.inject(`/reservations/${id}`)).json()).toMatchObject({ status: 'released' })
  },
)

test('the same holds for a confirm without a checkout', async () => {
  const { id, released } = await shopThatReleases('after', 'prolong')
  expect((await confirm(id)).statusCode).toBe(404)
  expect(await released()).toMatchObject({ status: 'released' })
  expect((await events.pool.query('SELECT * FROM orders')).rows).toEqual([])
})

test('a reservation that is ordered is not released any more, though its hold has not ended yet', async () => {
  const { id, released } = await shopThatReleases('before', 'complete')
  await checkout(id)
  expect((await confirm(id)).statusCode).toBe(200)
  expect(await released()).toMatchObject({ status: 409, error: 'already_paid' })
  expect(await events.holds.find(id)).toMatchObject({ state: 'sold' })
})
