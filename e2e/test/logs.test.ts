import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Customers, createCustomers, visitSomehow } from '../src/customers.ts'
import { eventually } from '../src/eventually.ts'
import { startGateway } from '../src/extra-replicas.ts'
import { post } from '../src/http.ts'
import { mapConcurrently } from '../src/limited-concurrency.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { FORGED_BYTES, FORGED_TEXTS, FORGED_VISITS } from '../src/log-forgery.ts'
import { createShop } from '../src/shop.ts'
import { addEvent } from '../src/stores.ts'
import { startStubPayments } from '../src/stub-payments.ts'
import type { LogLine, System } from '../src/system.ts'

const REQUESTS = 2000
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`

let system: System
let customers: Customers
let eventId: number
const seenBefore = {} as Record<ServiceName, number>

beforeAll(async () => {
  system = await startLocalSystem({
    PAYMENT_FAILURE_RATE: '0.2',
    PAYMENT_LATENCY_MS: '1',
    NOTIFY_FAILURE_RATE: '0.2',
    CB_FAILURE_THRESHOLD: '8',
    CB_COOLDOWN_S: '1',
  })
  customers = createCustomers(system.url.gateway)
  eventId = await addEvent(system, 100_000)
  for (const service of SERVICES) seenBefore[service] = requestLines(service).length

  const small = await addEvent(system, 10)
  const visits = Array.from({ length: REQUESTS }, (_, number) => number)
  await mapConcurrently(visits, 32, (number) => visitSomehow(customers, number, [eventId, small]))
  for (const visit of FORGED_VISITS) await customers.visit(visit)
  for (const bytes of FORGED_BYTES) await customers.sendBytes(...bytes)
  for (const text of FORGED_TEXTS) {
    await post(`${system.url.payments}/charge`, { reservation_id: text, amount: 1 })
    await post(`${system.url.notifications}/notify`, { event: text, order_id: text })
  }
})
afterAll(() => system.close())

const linesWith = (service: ServiceName, wanted: Record<string, unknown>): LogLine[] =>
  system
    .logs(service)
    .filter(({ json }) => Object.entries(wanted).every(([key, value]) => json?.[key] === value))

/** The lines that stand for a request each. */
function requestLines(service: ServiceName): LogLine[] {
  return system.logs(service).filter(({ json }) => json && 'method' in json && 'status' in json)
}

const total = (pattern: RegExp) =>
  Object.entries(customers.tally).reduce((sum, [key, times]) => sum + (pattern.test(key) ? times : 0), 0)

test('every request has left exactly one line', async () => {
  expect(total(/./)).toBeGreaterThanOrEqual(REQUESTS)
  await eventually(() => requestLines('gateway').length - seenBefore.gateway, total(/./))
})

test.for(SERVICES)('every line of %s is JSON with time, level, service and msg', (service) => {
  const lines = system.logs(service)
  expect(lines.length).toBeGreaterThan(100)
  for (const { text, json } of lines) {
    expect(json, text).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
      level: expect.stringMatching(/^(INFO|WARNING|ERROR)$/),
      service,
      msg: expect.stringMatching(/^.+$/),
    })
  }
})

test.for(SERVICES)('the line of a request to %s holds its method, path, status, time and ids', (service) => {
  for (const { text, json } of requestLines(service)) {
    expect(json, text).toMatchObject({
      status: expect.any(Number),
      duration_ms: expect.any(Number),
      request_id: expect.stringMatching(/^[\w.:-]{1,128}$/),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(json?.msg).toBe(`${json?.method} ${json?.path}`)
    expect(json?.level).toBe(Number(json?.status) >= 500 ? 'ERROR' : 'INFO')
  }
})

test('grep -c "GET /events" on the gateway’s log is how often it was asked for events', async () => {
  const grep = () => system.logs('gateway').filter(({ text }) => text.includes('GET /events')).length
  await eventually(grep, total(/^GET \/events/))
})

test('nothing that was sent has become a line or a field', () => {
  for (const service of SERVICES) {
    for (const { text, json } of system.logs(service)) {
      for (const key of ['time', 'level', 'service', 'msg']) expect(text.split(`"${key}":`)).toHaveLength(2)
      expect(json?.time).not.toBe('2026-01-01T00:00:00Z')
      expect(json?.msg).not.toMatch(/[\n\r\u2028]/)
    }
  }
  // these two were told it directly, and say it in their own fields only
  for (const service of ['payments', 'notifications'] as const) {
    expect(linesWith(service, { msg: 'GET /events' })).toEqual([])
  }
})

test('the lines that the labs look for are there', async () => {
  const last = await createShop(system.url.gateway).reserved(eventId)
  await eventually(() => linesWith('events', { reservation_id: last.reservation_id }).length, 1)
  expect(linesWith('events', { msg: 'reservation made' })).toHaveLength(
    total(/^POST \/events\/\{id\}\/reserve 200/) + 1,
  )
  expect(linesWith('gateway', { msg: 'order confirmed' })).toHaveLength(customers.paid.size)
  for (const [service, msg] of [
    ['payments', 'injected latency'],
    ['payments', 'injected failure'],
    ['payments', 'payment success'],
    ['events', 'order confirmed'],
    ['notifications', 'injected failure'],
    ['gateway', 'notify failed (non-critical)'],
  ] as const) {
    const lines = linesWith(service, { msg })
    expect(lines.length, `${service}: ${msg}`).toBeGreaterThan(0)
    for (const { text, json } of lines) {
      expect(json, text).toMatchObject({ request_id: expect.any(String), trace_id: expect.any(String) })
    }
  }
})

test('a circuit that opens says so', async () => {
  await system.restart('payments', { PAYMENT_FAILURE_RATE: '1', PAYMENT_LATENCY_MS: '0' })
  const { reservation_id } = await createShop(system.url.gateway).reserved(eventId)
  const opened = async () => {
    await customers.pay(reservation_id)
    return linesWith('gateway', { msg: 'circuit transition', to: 'OPEN' }).length > 0
  }
  await eventually(opened, true)
  await system.restart('payments', { PAYMENT_FAILURE_RATE: '0', PAYMENT_LATENCY_MS: '0' })
  await eventually(() => customers.pay(reservation_id), 200)
})

test('one request id greps through all services, and one trace', async () => {
  await system.restart('notifications', { NOTIFY_FAILURE_RATE: '0' })
  const { reservation_id } = await createShop(system.url.gateway).reserved(eventId)
  const id = 'follow-me:2026.1_x'
  const answer = await post(`${system.url.gateway}/reserve/${reservation_id}/pay`, undefined, {
    headers: { 'x-request-id': id, traceparent: TRACEPARENT },
  })
  expect(answer.status).toBe(200)
  expect(answer.headers['x-request-id']).toBe(id)
  for (const service of SERVICES) {
    const found = () => system.logs(service).filter(({ text }) => text.includes(id))
    await expect.poll(() => found().length).toBeGreaterThan(0)
    for (const { json } of found()) expect(json).toMatchObject({ request_id: id, trace_id: TRACE_ID })
  }
})

test('a request without an id gets one that is told and passed on', async () => {
  const answer = await createShop(system.url.gateway).reserve(eventId)
  const id = String(answer.headers['x-request-id'])
  expect(id).toMatch(/^[\w.:-]{1,128}$/)
  for (const service of ['gateway', 'events'] as const) {
    await expect.poll(() => linesWith(service, { request_id: id }).length).toBeGreaterThan(0)
  }
})

test('the next service gets the trace as a W3C traceparent, with a parent of its own', async () => {
  const payments = await startStubPayments()
  const gateway = await startGateway(system, { PAYMENTS_URL: payments.url })
  const shop = createShop(gateway.url)
  const { reservation_id } = await shop.reserved(eventId)
  const headers = { 'x-request-id': 'abc', traceparent: TRACEPARENT }
  await post(`${gateway.url}/reserve/${reservation_id}/pay`, undefined, { headers })
  const [charge] = payments.charges
  expect(charge?.headers).toMatchObject({
    'x-request-id': 'abc',
    traceparent: expect.stringMatching(new RegExp(`^00-${TRACE_ID}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`)),
    'idempotency-key': reservation_id,
  })
  await payments.close()
})
