import { gatewayApp } from '@quickticket/testing/gateway-app'
import { series } from '@quickticket/testing/series'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeRequest, type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'

let events: FakeUpstream
let payments: FakeUpstream
let app: Awaited<ReturnType<typeof gatewayApp>>['app']
/** what payments answers to a charge; it may take its time */
let answer: (request: FakeRequest) => number | Promise<number>

beforeEach(async () => {
  events = await fakeUpstream(({ path }, response) =>
    send(response, 200, path.endsWith('/checkout') ? { total_cents: 1, charge_before: 0 } : []),
  )
  payments = await fakeUpstream(async (request, response) =>
    send(response, await answer(request), { status: 'charged', payment_ref: 'PAY-00000000' }),
  )
})
afterEach(async () => {
  await app.close()
  events.close()
  payments.close()
})

async function open(variables: Record<string, string>) {
  const gateway = await gatewayApp({ EVENTS_URL: events.url, PAYMENTS_URL: payments.url, ...variables })
  app = gateway.app
}
const pay = (id: string) => app.inject({ method: 'POST', url: `/reserve/${id}/pay` })
const inFlight = async () =>
  (await series(app, 'gateway_bulkhead_in_flight'))['gateway_bulkhead_in_flight{target="payments"}']
const rejections = () => series(app, 'gateway_bulkhead_rejections_total')
const REJECTED = 'gateway_bulkhead_rejections_total{target="payments"}'

/** Charges that hang until letGo() is called. */
function hanging() {
  const gate = Promise.withResolvers<number>()
  answer = () => gate.promise
  return { letGo: () => gate.resolve(200) }
}

test('charges that hang fill their own bulkhead: lists still work, another pay gets payments_busy', async () => {
  const { letGo } = hanging()
  await open({ BULKHEAD_PAYMENTS_MAX: '1', BULKHEAD_PAYMENTS_TIMEOUT_S: '0.01' })
  const first = pay('a')
  await payments.asked()
  expect(await inFlight()).toBe(1)

  const second = await pay('b')
  expect(second).toMatchObject({ statusCode: 503 })
  expect(second.json()).toMatchObject({ error: 'payments_busy', reservation_id: 'b' })
  expect((await app.inject('/events')).statusCode).toBe(200)
  expect(await rejections()).toEqual({ [REJECTED]: 1 })

  letGo()
  expect((await first).statusCode).toBe(200)
  expect(await inFlight()).toBe(0)
})

test('a pay that finds it full waits for its place, and is then charged', async () => {
  const { letGo } = hanging()
  await open({ BULKHEAD_PAYMENTS_MAX: '1', BULKHEAD_PAYMENTS_TIMEOUT_S: '60', GATEWAY_TIMEOUT_MS: '60000' })
  const both = [pay('a'), pay('b')]
  await payments.asked()
  await expect.poll(() => events.requests.length).toBe(2)
  expect(payments.requests).toHaveLength(1)
  letGo()
  expect((await Promise.all(both)).map(({ statusCode }) => statusCode)).toEqual([200, 200])
  expect(payments.requests).toHaveLength(2)
  expect(await rejections()).toEqual({})
})

test('a payment keeps its one place between its attempts', async () => {
  const asked: unknown[] = []
  let attempts = 0
  answer = ({ headers }) => {
    asked.push(headers['idempotency-key'])
    return ++attempts < 3 ? 500 : 200
  }
  await open({
    BULKHEAD_PAYMENTS_MAX: '1',
    BULKHEAD_PAYMENTS_TIMEOUT_S: '60',
    GATEWAY_TIMEOUT_MS: '60000',
    RETRY_MAX: '3',
    RETRY_BASE_DELAY_MS: '20',
  })
  const both = await Promise.all([pay('a'), pay('b')])
  expect(both.map(({ statusCode }) => statusCode)).toEqual([200, 200])
  const [first] = asked
  expect(asked).toEqual([first, first, first, expect.not.stringContaining(String(first))])
})

test('a pay that the bulkhead rejects is no failure of payments, and no retry', async () => {
  const { letGo } = hanging()
  await open({
    BULKHEAD_PAYMENTS_MAX: '1',
    BULKHEAD_PAYMENTS_TIMEOUT_S: '0',
    CB_FAILURE_THRESHOLD: '1',
    RETRY_MAX: '3',
  })
  const first = pay('a')
  await payments.asked()
  for (let i = 0; i < 5; i++) expect((await pay('b')).json()).toMatchObject({ error: 'payments_busy' })
  expect(await series(app, 'gateway_circuit_breaker_transitions_total')).toEqual({})
  expect(await series(app, 'gateway_retry_total')).toEqual({})
  letGo()
  expect((await first).statusCode).toBe(200)
})

test('a pay that an open circuit rejects frees its place at once', async () => {
  answer = () => 500
  await open({ BULKHEAD_PAYMENTS_MAX: '1', BULKHEAD_PAYMENTS_TIMEOUT_S: '60', CB_FAILURE_THRESHOLD: '1' })
  const pays = await Promise.all(Array.from({ length: 20 }, (_, i) => pay(String(i))))
  const codes = pays.map((answered) => answered.json().error)
  expect(codes.filter((code) => code === 'payment_failed')).toHaveLength(1)
  expect(codes.filter((code) => code === 'circuit_open')).toHaveLength(19)
})

test('without a limit the payments in flight are still counted', async () => {
  const { letGo } = hanging()
  await open({})
  const pays = Array.from({ length: 12 }, (_, i) => pay(String(i)))
  await expect.poll(inFlight).toBe(12)
  letGo()
  expect((await Promise.all(pays)).map(({ statusCode }) => statusCode)).toEqual(Array(12).fill(200))
})
