import { gatewayApp } from '@quickticket/testing/gateway-app'
import { afterEach, expect, test, vi } from 'vitest'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'

let events: FakeUpstream
let gateway: Awaited<ReturnType<typeof gatewayApp>>
afterEach(async () => {
  events.close()
  await gateway.app.close()
})

const reserve = () =>
  gateway.app.inject({ method: 'POST', url: '/events/1/reserve', payload: { quantity: 1 } })
const asked = (path: string) => events.requests.filter((request) => request.path === path)
const takenBack = () =>
  asked('/reservations/take-back').flatMap(
    ({ body }) => (body as { reservation_ids: string[] }).reservation_ids,
  )
const chosen = () => asked('/events/1/reserve').map(({ headers }) => headers['x-reservation-id'])

test('a reservation that was answered with a timeout is taken back, until events has done it', async () => {
  let refusals = 2
  events = await fakeUpstream(({ path }, response) => {
    if (path !== '/reservations/take-back') return
    send(response, refusals-- > 0 ? 503 : 200, { status: 'released' })
  })
  gateway = await gatewayApp({ EVENTS_URL: events.url, GATEWAY_TIMEOUT_MS: '200' })
  expect((await reserve()).statusCode).toBe(504)
  await vi.waitFor(() => expect(takenBack()).toHaveLength(3), 5000)
  expect(new Set(takenBack())).toEqual(new Set(chosen()))
})

test('a reservation whose connection broke is taken back', async () => {
  events = await fakeUpstream(({ path }, response) => {
    if (path === '/reservations/take-back') send(response, 200, { status: 'released' })
    else response.destroy()
  })
  gateway = await gatewayApp({ EVENTS_URL: events.url })
  expect((await reserve()).statusCode).toBe(502)
  await vi.waitFor(() => expect(takenBack().length).toBeGreaterThan(0), 5000)
  expect(chosen()).toEqual(expect.arrayContaining(takenBack()))
})

test('a reservation that was answered, or never sent, is not taken back', async () => {
  events = await fakeUpstream((_request, response) => send(response, 409, { error: 'sold_out' }))
  gateway = await gatewayApp({ EVENTS_URL: events.url })
  expect((await reserve()).statusCode).toBe(409)
  events.close()
  expect((await reserve()).statusCode).toBe(502)
  await gateway.app.close()
  expect(takenBack()).toEqual([])
})
