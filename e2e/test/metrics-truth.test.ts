import { setTimeout as delay } from 'node:timers/promises'
import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import type { Metrics } from '@quickticket/testing/prometheus-text'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { abortUpload } from '../src/abort-upload.ts'
import { type Customers, createCustomers, visitSomehow } from '../src/customers.ts'
import { eventually } from '../src/eventually.ts'
import { get, post } from '../src/http.ts'
import { mapConcurrently } from '../src/limited-concurrency.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { scrape } from '../src/metrics.ts'
import { count, countedRequests, type Tally, timedRequests, withoutStatus } from '../src/request-counts.ts'
import { createShop } from '../src/shop.ts'
import { addEvent, sql } from '../src/stores.ts'
import type { System } from '../src/system.ts'

let system: System
let customers: Customers
let eventId: number
let before: Record<ServiceName, Metrics>

const REQUESTS = 2000
const LEAVERS = 25

beforeAll(async () => {
  system = await startLocalSystem({
    GATEWAY_TIMEOUT_MS: '1500',
    RATE_LIMIT_RPS: '100',
    RETRY_MAX: '2',
    RETRY_BASE_DELAY_MS: '1',
    PAYMENT_FAILURE_RATE: '0.3',
    PAYMENT_LATENCY_MS: '20',
  })
  eventId = await addEvent(system, 100_000)
  customers = createCustomers(system.url.gateway)
  before = await scrapeAll()
})
afterAll(() => system.close())

async function scrapeAll(): Promise<Record<ServiceName, Metrics>> {
  const all = await Promise.all(SERVICES.map((service) => scrape(system.url[service])))
  return Object.fromEntries(SERVICES.map((service, i) => [service, all[i]])) as Record<ServiceName, Metrics>
}

/** How much a counter has grown. */
function grown(
  after: Metrics,
  service: ServiceName,
  name: string,
  labels: Record<string, string> = {},
): number {
  return after.sum(name, labels) - before[service].sum(name, labels)
}

const seenWith = (pattern: RegExp) =>
  Object.entries(customers.tally).reduce((sum, [key, times]) => sum + (pattern.test(key) ? times : 0), 0)

/** Probes are no traffic: they are answered, and no counter sees them. */
const traffic = (tally: Tally): Tally =>
  Object.fromEntries(Object.entries(tally).filter(([key]) => !/ \/(livez|readyz) /.test(key)))

/** The counters and the durations are the customers' own books, to the last request. */
async function expectTruth(): Promise<void> {
  const counted = async () => countedRequests('gateway', before.gateway, await scrape(system.url.gateway))
  const timed = async () => timedRequests('gateway', before.gateway, await scrape(system.url.gateway))
  await eventually(counted, traffic(customers.tally))
  await eventually(timed, withoutStatus(traffic(customers.tally)))
}

describe(`${REQUESTS} mixed requests while payments fail and the rate is limited`, () => {
  beforeAll(async () => {
    const small = await addEvent(system, 10)
    const visits = Array.from({ length: REQUESTS }, (_, number) => number)
    await mapConcurrently(visits, 32, (number) => visitSomehow(customers, number, [eventId, small, eventId]))
  })

  test('the customers saw all kinds of answers', () => {
    const statuses = new Set(Object.keys(customers.tally).map((key) => key.split(' ').at(-1)))
    for (const status of [
      '200',
      '400',
      '404',
      '405',
      '409',
      '413',
      '414',
      '415',
      '422',
      '429',
      '431',
      '500',
    ]) {
      expect(statuses).toContain(status)
    }
    expect(seenWith(/./)).toBeGreaterThanOrEqual(REQUESTS)
  })

  test('the gateway counted exactly what they saw', expectTruth)

  test('probes were answered and leave no series', async () => {
    expect(seenWith(/^GET \/livez 200$/)).toBeGreaterThan(0)
    expect(seenWith(/^GET \/readyz 200$/)).toBeGreaterThan(0)
    for (const { samples } of Object.values(await scrapeAll())) {
      expect(samples.filter(({ labels }) => /^\/(livez|readyz)/.test(labels.path ?? ''))).toEqual([])
    }
  })

  test('429s are counted by path', async () => {
    const after = await scrape(system.url.gateway)
    const rejected: Tally = {}
    const saw: Tally = {}
    for (const { name, labels, value } of after.samples) {
      if (name === 'gateway_rate_limit_rejections_total') count(rejected, String(labels.path), value)
    }
    for (const [key, times] of Object.entries(customers.tally)) {
      const [, path = '', status] = key.split(' ')
      if (status === '429') count(saw, path, times)
    }
    expect(rejected).toEqual(saw)
  })

  test('events counted what the gateway asked it', async () => {
    const counted = countedRequests('events', before.events, await scrape(system.url.events))
    expect(counted['GET /events 200']).toBe(customers.tally['GET /events 200'])
    for (const status of [200, 404, 409]) {
      const key = `POST /events/{id}/reserve ${status}`
      expect({ key, times: counted[key] }).toEqual({ key, times: customers.tally[key] })
    }
  })

  test('each failed charge was tried again or given up', async () => {
    const [gateway, payments] = await Promise.all([scrape(system.url.gateway), scrape(system.url.payments)])
    const retries = (result: string) => gateway.sum('gateway_retry_total', { target: 'payments', result })
    const charges = (result: string) => grown(payments, 'payments', 'payments_charges_total', { result })
    const requests = (status: string) =>
      grown(payments, 'payments', 'payments_requests_total', { method: 'POST', path: '/charge', status })
    expect(charges('failed')).toBe(requests('500'))
    expect(charges('success') + charges('replayed')).toBe(requests('200'))
    expect(retries('retried') + retries('exhausted')).toBe(charges('failed'))
    expect(retries('exhausted')).toBe(customers.tally['POST /reserve/{id}/pay 500'])
    expect(retries('non_retryable')).toBe(0)
  })

  test('orders, charges and notifications are as many as were paid', async () => {
    const orders = await sql<{ id: string }>(system, 'SELECT id FROM orders')
    expect(new Set(orders.map(({ id }) => id))).toEqual(customers.paid)
    const after = await scrapeAll()
    expect(grown(after.events, 'events', 'events_orders_total')).toBe(customers.paid.size)
    expect(grown(after.payments, 'payments', 'payments_charges_total', { result: 'success' })).toBe(
      customers.paid.size,
    )
    await eventually(
      async () =>
        (await scrape(system.url.notifications)).sum('notifications_notify_total', { result: 'success' }),
      customers.paid.size,
    )
  })
})

describe('when payments is slow', () => {
  beforeAll(async () => {
    await system.restart('payments', { PAYMENT_LATENCY_MS: '2500', PAYMENT_FAILURE_RATE: '0' })
    // new ones, that payments has not heard of
    customers.reservations.length = 0
    while (customers.reservations.length < 2 * LEAVERS) await customers.reserve(eventId, 1)
    // a fast machine has used up the second's payments by now
    while ((await paymentsLeft()) < 2 * LEAVERS) await delay(200)
  })

  async function paymentsLeft(): Promise<number> {
    const { headers } = await customers.visit({
      method: 'POST',
      path: '/reserve/unknown/pay',
      template: '/reserve/{id}/pay',
    })
    return Number(/;r=(\d+)/.exec(String(headers.ratelimit))?.[1])
  }

  test('customers who leave while they wait are counted as 499, those who stay as 504', async () => {
    const staying = Array.from({ length: LEAVERS }, () => customers.pay())
    const leaving = Array.from({ length: LEAVERS }, () =>
      leaveWhilePaying(customers.reservations.pop() as string),
    )
    await Promise.all([...staying, ...leaving])
    expect(seenWith(/pay 499$/)).toBe(LEAVERS)
    expect(seenWith(/pay 504$/)).toBe(LEAVERS)
    await expectTruth()
  })

  test('customers who leave before they have said all are counted as 499', async () => {
    for (let i = 0; i < LEAVERS; i++) {
      await abortUpload(system.url.gateway, `/events/${eventId}/reserve`)
      count(customers.tally, 'POST /events/{id}/reserve 499')
    }
    await expectTruth()
  })

  /** Goes away when payments has the charge, and not before. */
  async function leaveWhilePaying(id: string): Promise<void> {
    const leave = new AbortController()
    const paying = post(`${system.url.gateway}/reserve/${id}/pay`, undefined, { signal: leave.signal })
    const waiting = () =>
      system
        .logs('payments')
        .some(({ json }) => json?.msg === 'injected latency' && json.reservation_id === id)
    await Promise.all([expect(paying).rejects.toThrow(), eventually(waiting, true).then(() => leave.abort())])
    count(customers.tally, 'POST /reserve/{id}/pay 499')
  }
})

describe('when events is stopped', () => {
  test('502s are counted like everything else', async () => {
    await system.stop('events')
    await customers.visit({ method: 'GET', path: '/events', template: '/events' })
    await customers.reserve(eventId, 1)
    await customers.pay('nobody')
    await customers.visit({ method: 'GET', path: '/health', template: '/health' })
    await system.start('events')
    expect(seenWith(/ 50[23]$/)).toBe(4)
    await expectTruth()
  })
})

describe('the names', () => {
  const LABELS: Record<string, string[]> = {
    requests_total: ['method', 'path', 'status'],
    request_duration_seconds: ['method', 'path'],
  }
  const OWN: Record<ServiceName, [name: string, type: string, labels: string[]][]> = {
    gateway: [
      ['gateway_retry_total', 'counter', ['target', 'result']],
      ['gateway_circuit_breaker_transitions_total', 'counter', ['to']],
      ['gateway_rate_limit_rejections_total', 'counter', ['path']],
    ],
    events: [
      ['events_reservations_active', 'gauge', []],
      ['events_orders_total', 'counter', []],
      ['events_db_pool_size', 'gauge', []],
    ],
    payments: [['payments_charges_total', 'counter', ['result']]],
    notifications: [['notifications_notify_total', 'counter', ['result']]],
  }
  const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

  test.for(SERVICES)('%s has the contract’s metrics', async (service) => {
    const { families, samples } = await scrape(system.url[service])
    const expected = [
      [`${service}_requests_total`, 'counter', LABELS.requests_total],
      [`${service}_request_duration_seconds`, 'histogram', LABELS.request_duration_seconds],
      ...OWN[service],
      ['process_cpu_seconds_total', 'counter', []],
      ['process_resident_memory_bytes', 'gauge', []],
      ['process_start_time_seconds', 'gauge', []],
    ] as [string, string, string[]][]
    for (const [name, type, labels] of expected) {
      expect({ name, ...families.get(name) }).toEqual({ name, type, help: expect.stringMatching(/\S/) })
      for (const sample of samples.filter((sample) => sample.name === name)) {
        expect(Object.keys(sample.labels).toSorted()).toEqual(labels.toSorted())
      }
    }
  })

  test.for(SERVICES)('the histogram of %s has the contract’s buckets, and they add up', async (service) => {
    const name = `${service}_request_duration_seconds`
    const path = '/health'
    const { status } = await get(system.url[service] + path)
    const counted = async () =>
      (await scrape(system.url[service])).sum(`${service}_requests_total`, { path, status: `${status}` }) > 0
    await eventually(counted, true)
    const { samples, sum } = await scrape(system.url[service])
    const bounds = samples
      .filter((sample) => sample.name === `${name}_bucket` && sample.labels.path === path)
      .map((sample) => Number(sample.labels.le?.replace('+Inf', 'Infinity')))
    expect(bounds).toEqual(expect.arrayContaining([...BUCKETS, Number.POSITIVE_INFINITY]))
    expect(sum(`${name}_bucket`, { path, le: '+Inf' })).toBe(sum(`${name}_count`, { path }))
    expect(sum(`${service}_requests_total`, { path })).toBe(sum(`${name}_count`, { path }))
    expect(sum(`${name}_sum`, { path })).toBeGreaterThan(0)
  })

  test('events_reservations_active is how many reservations are held', async () => {
    const active = async () => (await scrape(system.url.events)).sum('events_reservations_active')
    await system.restart('payments', { PAYMENT_LATENCY_MS: '0', PAYMENT_FAILURE_RATE: '0' })
    const shop = createShop(system.url.gateway)
    const start = await active()
    const { reservation_id } = await shop.reserved(eventId, 2)
    await shop.reserved(eventId, 1)
    expect(await active()).toBe(start + 2)
    expect((await shop.pay(reservation_id)).status).toBe(200)
    expect(await active()).toBe(start + 1)
  })
})
