import { counted } from '@quickticket/testing/series'
import { afterEach, expect, test, vi } from 'vitest'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'
import { openShop } from './shop.ts'

const upstreams: FakeUpstream[] = []
afterEach(() => {
  for (const upstream of upstreams.splice(0)) upstream.close()
})

async function shopThatTells(
  answer: Parameters<typeof fakeUpstream>[0],
  gateway: Record<string, string> = {},
) {
  const notifications = await fakeUpstream(answer)
  upstreams.push(notifications)
  const shop = await openShop({ gateway: { NOTIFICATIONS_URL: notifications.url, ...gateway } })
  return { shop, notifications, id: await shop.reserved(await shop.addEvent(5)) }
}

test('an order is notified of once, however often it is paid', async () => {
  const { shop, notifications, id } = await shopThatTells((_request, response) => send(response, 200, {}))
  await shop.pay(id)
  await shop.pay(id)
  await shop.close()
  const sent = notifications.requests.filter(({ path }) => path === '/notify')
  expect(sent.map(({ body }) => body)).toEqual([{ event: 'order_confirmed', order_id: id }])
})

test('an order whose notification fails is still an order', async () => {
  const { shop, id } = await shopThatTells((_request, response) => send(response, 500, {}))
  expect((await shop.pay(id)).statusCode).toBe(200)
  const line = await shop.gateway.logs.until(({ msg }) => msg === 'notify failed (non-critical)')
  expect(line).toMatchObject({ level: 'WARNING', order_id: id })
  expect(await counted(shop.gateway.app, 'gateway_notifications_total')).toEqual({
    'gateway_notifications_total{result="failed"}': 1,
  })
  await shop.close()
})

test('a pay does not wait for its notification, but the shutdown of the gateway does', async () => {
  const gate = Promise.withResolvers<void>()
  const { shop, notifications, id } = await shopThatTells(async (_request, response) => {
    await gate.promise
    send(response, 200, {})
  })
  expect((await shop.pay(id)).statusCode).toBe(200)
  await notifications.asked()

  let closed = false
  const closing = shop.gateway.app.close().then(() => {
    closed = true
  })
  await new Promise(setImmediate)
  expect(closed).toBe(false)
  gate.resolve()
  await closing
  expect(shop.gateway.logs.text()).not.toContain('notify failed')
  await shop.close()
})

test('notifications beyond the limit in flight are dropped and counted, and every pay succeeds', async () => {
  const gate = Promise.withResolvers<void>()
  const { shop, id } = await shopThatTells(
    async (_request, response) => {
      await gate.promise
      send(response, 200, {})
    },
    { NOTIFY_MAX_IN_FLIGHT: '1' },
  )
  const another = await shop.reserved(await shop.addEvent(5))
  expect((await shop.pay(id)).statusCode).toBe(200)
  expect((await shop.pay(another)).statusCode).toBe(200)
  expect(await counted(shop.gateway.app, 'gateway_notifications_total')).toEqual({
    'gateway_notifications_total{result="dropped"}': 1,
  })
  gate.resolve()
  await shop.close()
})

test('a notification that failed is sent again until it succeeds', async () => {
  let failures = 2
  const { shop, notifications, id } = await shopThatTells((_request, response) =>
    send(response, failures-- > 0 ? 500 : 200, {}),
  )
  await shop.pay(id)
  const sent = () => notifications.requests.filter(({ path }) => path === '/notify')
  const unnotified = async () =>
    (await shop.events.pool.query(`SELECT order_id FROM outbox WHERE topic = 'notify'`)).rows
  for (let attempt = 1; attempt <= 3; attempt++) {
    await vi.waitFor(() => expect(sent()).toHaveLength(attempt), 10_000)
    if (attempt === 3) break
    expect(await unnotified()).toEqual([{ order_id: id }])
    // in place of waiting until it is due
    await shop.events.pool.query(`UPDATE outbox SET due_at = now()`)
  }
  expect(sent().map(({ body }) => body)).toEqual(Array(3).fill({ event: 'order_confirmed', order_id: id }))
  await vi.waitFor(async () => expect(await unnotified()).toEqual([]), 10_000)
  await shop.close()
})

test('without notifications no order waits for one', async () => {
  const shop = await openShop()
  await shop.pay(await shop.reserved(await shop.addEvent(5)))
  const { rows } = await shop.events.pool.query(`SELECT FROM outbox WHERE topic = 'notify'`)
  expect(rows).toEqual([])
  await shop.close()
})
