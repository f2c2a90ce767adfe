import { createHash } from 'node:crypto'
import { SERVICES } from '@quickticket/contract/services'
import { type OtlpReceiver, startOtlpReceiver } from '@quickticket/testing/otlp-receiver'
import type { ReceivedSpan } from '@quickticket/testing/otlp-spans'
import { drawTrace } from '@quickticket/testing/trace-tree'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCustomers } from '../src/customers.ts'
import { eventually } from '../src/eventually.ts'
import { startGateway } from '../src/extra-replicas.ts'
import { get, post } from '../src/http.ts'
import { mapConcurrently } from '../src/limited-concurrency.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { FORGED_BYTES, FORGED_VISITS } from '../src/log-forgery.ts'
import { scrape } from '../src/metrics.ts'
import { createShop, type Shop } from '../src/shop.ts'
import { addEvent, sql } from '../src/stores.ts'
import type { LogLine, System } from '../src/system.ts'
import { type Caller, expectTree, newCaller, orphans, spansOf, tracesTo } from '../src/traced.ts'

let receiver: OtlpReceiver
let system: System
let shop: Shop
let eventId: number

beforeAll(async () => {
  receiver = await startOtlpReceiver()
  system = await startLocalSystem(tracesTo(receiver))
  shop = createShop(system.url.gateway)
  eventId = await addEvent(system, 100_000)
})
afterAll(async () => {
  await system?.close()
  await receiver.stop()
})

const payUrl = (reservationId: string) => `${system.url.gateway}/reserve/${reservationId}/pay`

async function purchase(headers: Record<string, string> = {}) {
  const { reservation_id: reservationId } = await shop.reserved(eventId)
  const paid = await post(payUrl(reservationId), undefined, { headers })
  expect(paid).toMatchObject({ status: 200 })
  return { reservationId, requestId: String(paid.headers['x-request-id']) }
}

/** Lines of all services that name a request. */
function linesOf(requestId: string): LogLine[] {
  return SERVICES.flatMap((service) => system.logs(service)).filter(({ text }) => text.includes(requestId))
}

const SHOWN = ['http.route', 'http.response.status_code']

const PURCHASE = `
  gateway server POST /reserve/{id}/pay
    gateway client POST /reservations/{id}/checkout
      events server POST /reservations/{id}/checkout
        events client checkout-begin
        events client EVALSHA prolong
        events client checkout-open
    gateway client POST /charge
      payments server POST /charge
    gateway client POST /reservations/{id}/confirm
      events server POST /reservations/{id}/confirm
        events client checkout-confirm
        events client EVALSHA complete
    gateway client POST /notify
      notifications server POST /notify`

test('one purchase is one trace through four services, below the span of its caller', async () => {
  const caller = newCaller()
  await purchase(caller.headers)
  await expectTree(receiver, caller.traceId, PURCHASE)
  const [root, ...others] = spansOf(receiver, caller.traceId).filter(
    ({ parentSpanId }) => parentSpanId === caller.spanId,
  )
  expect(root).toMatchObject({ service: 'gateway', kind: 'server' })
  expect(others).toEqual([])
})

test('spans carry the attributes of the semantic conventions', async () => {
  const caller = newCaller()
  const { reservationId } = await purchase({ ...caller.headers, 'x-request-id': 'order:7' })
  await expectTree(receiver, caller.traceId, PURCHASE)
  const named = (kind: string, name: string) =>
    spansOf(receiver, caller.traceId).find((span) => span.kind === kind && span.name === name) as ReceivedSpan

  const server = named('server', 'POST /reserve/{id}/pay')
  expect(server.resource).toEqual({
    'service.name': 'gateway',
    'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
    'service.namespace': 'quickticket',
    'service.instance.id': expect.stringMatching(/\S/),
  })
  expect(server.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/reserve/{id}/pay',
    'http.response.status_code': 200,
    'url.path': `/reserve/${reservationId}/pay`,
    'url.scheme': 'http',
    'quickticket.request_id': 'order:7',
  })
  const events = new URL(system.url.events)
  expect(named('client', 'POST /reservations/{id}/confirm').attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'url.template': '/reservations/{id}/confirm',
    'url.full': `${events.origin}/reservations/${reservationId}/confirm`,
    'server.address': events.hostname,
    'server.port': Number(events.port),
  })
  expect(named('client', 'checkout-confirm').attributes).toEqual({
    'db.system.name': 'postgresql',
    'db.namespace': 'quickticket',
    'db.query.summary': 'checkout-confirm',
    'db.query.text': 'SELECT * FROM confirm_order($1, $2, $3)',
    'server.address': '127.0.0.1',
    'server.port': system.postgres.port,
  })
  if (!system.redis) return
  expect(named('client', 'EVALSHA complete').attributes).toEqual({
    'db.system.name': 'redis',
    'db.operation.name': 'EVALSHA',
    'db.stored_procedure.name': 'complete',
    'server.address': '127.0.0.1',
    'server.port': system.redis.port,
  })
})

test('no span tells of a payment, of credentials, of a query or of a body', async () => {
  const caller = newCaller()
  const secret = { authorization: 'Bearer hidden-1', cookie: 'card=hidden-2', 'user-agent': 'hidden-3' }
  const { reservationId } = await purchase({ ...caller.headers, ...secret })
  await expectTree(receiver, caller.traceId, PURCHASE)
  const list = newCaller()
  await get(`${system.url.gateway}/events?email=hidden-4@example.org`, { headers: list.headers })
  await eventually(() => spansOf(receiver, list.traceId).length > 2, true)
  const refused = newCaller()
  const body = { quantity: 'hidden-5', email: 'hidden-6@example.org' }
  await post(`${system.url.gateway}/events/${eventId}/reserve`, body, { headers: refused.headers })
  await eventually(() => spansOf(receiver, refused.traceId).length > 2, true)

  const [order] = await sql<{ payment_ref: string }>(system, 'SELECT payment_ref FROM orders WHERE id = $1', [
    reservationId,
  ])
  const sent = receiver.requests.map((request) => request.body.toString()).join('\n')
  expect(order?.payment_ref).toMatch(/^PAY-/)
  expect(sent).not.toContain(order?.payment_ref)
  expect(sent).not.toMatch(/hidden-\d|PAY-/)
})

test('a trace has the id of its log lines, and the id in the answer’s header finds both', async () => {
  const { requestId } = await purchase()
  const found = () => receiver.spans.filter((span) => span.attributes['quickticket.request_id'] === requestId)
  await eventually(
    () =>
      found()
        .map(({ service }) => service)
        .toSorted(),
    ['events', 'events', 'gateway', 'notifications', 'payments'],
  )
  const [{ traceId } = { traceId: '' }] = found()
  await expectTree(receiver, traceId, PURCHASE)

  // a request line of each of the five, and what they say in between
  await eventually(() => linesOf(requestId).filter(({ json }) => json && 'status' in json).length, 5)
  expect(new Set(linesOf(requestId).map(({ json }) => json?.service))).toEqual(new Set(SERVICES))
  for (const { json } of linesOf(requestId))
    expect(json).toMatchObject({ request_id: requestId, trace_id: traceId })
})

test('a trace that its caller does not record leaves no spans, and its log lines keep its id', async () => {
  const caller = newCaller({ sampled: false })
  const { requestId } = await purchase(caller.headers)
  await eventually(() => linesOf(requestId).filter(({ json }) => json && 'status' in json).length, 5)
  for (const { json } of linesOf(requestId)) expect(json).toMatchObject({ trace_id: caller.traceId })
  // a later trace has arrived
  const later = newCaller()
  await purchase(later.headers)
  await expectTree(receiver, later.traceId, PURCHASE)
  expect(spansOf(receiver, caller.traceId)).toEqual([])
})

test('requests that reach no handler have spans too', async () => {
  const unknown = newCaller()
  await get(`${system.url.gateway}/nowhere`, { headers: unknown.headers })
  await expectTree(receiver, unknown.traceId, 'gateway server GET http.response.status_code=404', SHOWN)
  const unreadable = newCaller()
  await get(`${system.url.gateway}/events/%zz`, { headers: unreadable.headers })
  await expectTree(
    receiver,
    unreadable.traceId,
    'gateway server GET /events/{id} http.route=/events/{id} http.response.status_code=400',
    SHOWN,
  )
})

test('whatever clients send, the gateway goes on', async () => {
  const customers = createCustomers(system.url.gateway)
  for (const visit of FORGED_VISITS) await customers.visit(visit)
  for (const bytes of FORGED_BYTES) await customers.sendBytes(...bytes)
  await purchase()
  const starts = system.logs('gateway').filter(({ json }) => String(json?.msg).startsWith('Server listening'))
  expect(starts).toHaveLength(1)
})

test('probes and metrics leave no spans', async () => {
  const before = receiver.spans.length
  for (const service of SERVICES) {
    for (const path of ['/livez', '/readyz', '/metrics', '/health', '/version'])
      await get(system.url[service] + path)
  }
  const later = newCaller()
  await get(`${system.url.gateway}/events`, { headers: later.headers })
  await eventually(() => spansOf(receiver, later.traceId).length > 2, true)
  const routes = receiver.spans.slice(before).map(({ name }) => name)
  expect(routes.filter((name) => /livez|readyz|metrics|health|version/.test(name))).toEqual([])
})

test('OTEL_TRACES_SAMPLER=traceidratio records that share of the traces, each of them whole', async () => {
  const gateway = await startGateway(system, {
    ...tracesTo(receiver),
    OTEL_SERVICE_NAME: 'sampling-gateway',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  })
  // the ids decide, so that each run records the same ones
  const callers = Array.from({ length: 1000 }, (_, number) => {
    const traceId = createHash('sha256').update(`trace ${number}`).digest('hex').slice(0, 32)
    return newCaller({ traceId, sampled: number % 2 === 0 })
  })
  const ask = ({ headers }: Caller) => get(`${gateway.url}/events/${eventId}`, { headers })
  await mapConcurrently(callers, 16, ask)

  const ids = new Set(callers.map(({ traceId }) => traceId))
  const recorded = () => receiver.spans.filter(({ traceId }) => ids.has(traceId))
  const traces = () => Map.groupBy(recorded(), ({ traceId }) => traceId)
  const isWhole = (spans: ReceivedSpan[]) => new Set(spans.map(({ service }) => service)).size === 2
  await eventually(() => [...traces().values()].every(isWhole) && traces().size > 0, true)
  expect(traces().size).toBeGreaterThanOrEqual(5)
  expect(traces().size).toBeLessThanOrEqual(15)
  expect(orphans(recorded(), callers)).toEqual([])
})

const TREES_OF_READING = new Set(
  [
    ['GET /events', 'events-list'],
    ['GET /events/{id}', 'events-find'],
  ].flatMap(([name, statement]) => {
    const tree = `gateway server ${name}\n  gateway client ${name}\n    events server ${name}`
    return [tree, `${tree}\n      events client ${statement}`]
  }),
)

test('10,000 requests leave no span without its parent, and each service counts what it sent', {
  timeout: 120_000,
}, async () => {
  const callers = Array.from({ length: 10_000 }, () => newCaller())
  const answers = await mapConcurrently(callers, 32, ({ headers }, number) =>
    get(`${system.url.gateway}/events${number % 2 === 0 ? '' : `/${eventId}`}`, { headers }),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))

  const ids = new Set(callers.map(({ traceId }) => traceId))
  const ofThem = () => receiver.spans.filter(({ traceId }) => ids.has(traceId))
  const served = () => ofThem().filter(({ kind }) => kind === 'server').length
  await eventually(served, 2 * callers.length, 30_000)
  for (const service of ['gateway', 'events'] as const) {
    const received = () => receiver.spans.filter((span) => span.resource['service.name'] === service).length
    const counted = async () => {
      const metrics = await scrape(system.url[service])
      const sum = (result: string) => metrics.sum(`${service}_spans_total`, { result })
      return { missing: sum('exported') - received(), failed: sum('failed'), dropped: sum('dropped') }
    }
    await eventually(counted, { missing: 0, failed: 0, dropped: 0 }, 30_000)
  }
  const spans = ofThem()
  expect(orphans(spans, callers)).toEqual([])
  const traces = Map.groupBy(spans, ({ traceId }) => traceId)
  expect(traces.size).toBe(10_000)
  // requests that ask for the same at the same time share a query, which belongs to the first of them
  const shapes = new Set([...traces.values()].map((trace) => drawTrace(trace)))
  expect([...TREES_OF_READING]).toEqual(expect.arrayContaining([...shapes]))
})
