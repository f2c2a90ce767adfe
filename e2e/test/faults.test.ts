import { once } from 'node:events'
import { connect } from 'node:net'
import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { bodyOf, exchange } from '@quickticket/testing/exchange'
import { startService } from '@quickticket/testing/service-process'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { FAULT_ADMIN_TOKEN, setFaults } from '../src/fault-control.ts'
import { get, post } from '../src/http.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { scrape } from '../src/metrics.ts'
import { expectProblem } from '../src/problem.ts'
import { createShop, type Shop } from '../src/shop.ts'
import { addEvent, sql } from '../src/stores.ts'
import type { System } from '../src/system.ts'

let system: System
let shop: Shop
let eventId: number

beforeAll(async () => {
  system = await startLocalSystem({
    FAULT_ADMIN_TOKEN,
    DB_MAX_CONNS: '3',
    DB_ACQUIRE_TIMEOUT_MS: '300',
  })
  shop = createShop(system.url.gateway)
  eventId = await addEvent(system, 100_000)
})
afterEach(async () => {
  await Promise.all(SERVICES.map((service) => inject(service, '')))
})
afterAll(() => system.close())

async function inject(service: ServiceName, faults: string): Promise<void> {
  expect(await setFaults(system.url[service], faults)).toMatchObject({ status: 200, json: { faults } })
}

const portOf = (service: ServiceName) => Number(new URL(system.url[service]).port)
const injected = async (service: ServiceName, fault: string, path: string) =>
  (await scrape(system.url[service])).sum(`${service}_faults_injected_total`, { fault, path })
const counted = async (service: ServiceName, path: string, status: string) =>
  (await scrape(system.url[service])).sum(`${service}_requests_total`, { path, status })
const charges = async (result: string) =>
  (await scrape(system.url.payments)).sum('payments_charges_total', { result })
const ordersOf = (id: string) => sql(system, 'SELECT FROM orders WHERE id = $1', [id])

test('status: charges fail, all else goes on', async () => {
  await inject('payments', 'POST /charge 100% status=503')
  const { reservation_id } = await shop.reserved(eventId)
  expect((await shop.pay(reservation_id)).status).toBe(503)
  expect((await shop.list()).status).toBe(200)
  expect((await shop.health()).status).toBe(200)
  expect(await injected('payments', 'status', '/charge')).toBe(1)
  await inject('payments', '')
  expect((await shop.pay(reservation_id)).status).toBe(200)
})

test('latency: the list takes as long as it is told', async () => {
  await inject('gateway', 'GET /events 100% latency=400ms..500ms')
  const answer = await shop.list()
  expect(answer.status).toBe(200)
  expect(answer.elapsedMs).toBeGreaterThan(390)
  expect(await injected('gateway', 'latency', '/events')).toBe(1)
})

test('reset: ECONNRESET, counted as 500', async () => {
  await inject('gateway', 'GET /events/{id} 100% reset')
  expect(await exchange(portOf('gateway'), 'GET', `/events/${eventId}`)).toEqual({
    received: '',
    end: 'ECONNRESET',
  })
  await eventually(() => counted('gateway', '/events/{id}', '500'), 1)
  expect(await injected('gateway', 'reset', '/events/{id}')).toBe(1)
})

test('hang: nothing until the client leaves, counted as 499', async () => {
  await inject('gateway', 'GET /events/{id} 100% hang')
  const socket = connect(portOf('gateway'), '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.write(`GET /events/${eventId} HTTP/1.1\r\nhost: a\r\n\r\n`)
  await eventually(() => injected('gateway', 'hang', '/events/{id}'), 1)
  expect((await shop.list()).status).toBe(200)
  socket.destroy()
  await once(socket, 'close')
  await eventually(() => counted('gateway', '/events/{id}', '499'), 1)
  expect(received).toBe('')
})

test('lost-response: the buyer hears nothing, and the order is there', async () => {
  const { reservation_id } = await shop.reserved(eventId)
  await inject('gateway', 'POST /reserve/{id}/pay 100% lost-response')
  const path = `/reserve/${reservation_id}/pay`
  expect(await exchange(portOf('gateway'), 'POST', path)).toEqual({ received: '', end: 'closed' })
  expect(await ordersOf(reservation_id)).toHaveLength(1)
  await eventually(() => counted('gateway', '/reserve/{id}/pay', '500'), 1)

  await inject('gateway', '')
  expect(await shop.pay(reservation_id)).toMatchObject({ status: 200, json: { order_id: reservation_id } })
  expect(await ordersOf(reservation_id)).toHaveLength(1)
})

test('lost-response of a charge: the money moves once, whatever is lost', async () => {
  const { reservation_id } = await shop.reserved(eventId)
  const before = await charges('success')
  await inject('payments', 'POST /charge 100% lost-response')
  for (let i = 0; i < 3; i++) expectProblem(await shop.pay(reservation_id), 503)
  await inject('payments', '')
  expect((await shop.pay(reservation_id)).status).toBe(200)
  expect(await charges('success')).toBe(before + 1)
})

test('truncate: half of the list', async () => {
  const whole = (await shop.list()).text
  await inject('gateway', 'GET /events 100% truncate')
  const answer = await exchange(portOf('gateway'), 'GET', '/events')
  const length = Number(/content-length: (\d+)/.exec(answer.received)?.[1])
  expect(length).toBe(Buffer.byteLength(whole))
  expect(bodyOf(answer)).toBe(whole.slice(0, length / 2))
  await expect(get(`${system.url.gateway}/events`)).rejects.toThrow()
})

test('cpu: who comes meanwhile waits as well', async () => {
  await inject('payments', 'POST /charge 100% cpu=1500ms')
  const charging = post(`${system.url.payments}/charge`, { reservation_id: 'cpu', amount: 1 })
  let blocked = true
  const done = charging.then(() => {
    blocked = false
  })
  let longestMs = 0
  while (blocked) longestMs = Math.max(longestMs, (await get(`${system.url.payments}/livez`)).elapsedMs)
  await done
  expect((await charging).status).toBe(200)
  expect(longestMs).toBeGreaterThan(500)
})

test('memory: the process grows by itself', async () => {
  const external = async () => (await scrape(system.url.notifications)).sum('nodejs_external_memory_bytes')
  const before = await external()
  await inject('notifications', 'memory=50MB/s')
  await expect.poll(external, { timeout: 20_000 }).toBeGreaterThan(before + 20e6)
  expect(await injected('notifications', 'memory', '*')).toBe(1)
  expect(
    (await scrape(system.url.notifications)).sum('notifications_fault_active', { fault: 'memory' }),
  ).toBe(1)
})

test('db-pool-leak: one connection after the other is gone, until the fault ends', async () => {
  const inUse = async () => (await scrape(system.url.events)).sum('events_db_pool_size')
  await inject('events', 'GET /events 100% db-pool-leak')
  await eventually(async () => {
    await shop.list()
    return inUse()
  }, 3)
  const starved = await get(`${system.url.events}/events`)
  expectProblem(starved, 503)
  expect((await shop.list()).status).toBe(502)
  expect(await injected('events', 'db-pool-leak', '/events')).toBe(3)

  await inject('events', '')
  await eventually(async () => (await shop.list()).status, 200)
  await eventually(inUse, 0)
})

test('FAULTS at the start, without a token: the faults are there, the way to change them is not', async () => {
  const payments = await startService('payments', {
    FAULTS: '* /nowhere 100% status=418; POST 100% status=599',
  })
  const ask = () => post(`${payments.url}/charge`, { reservation_id: 'r', amount: 1 })
  expectProblem(await ask(), 599)
  expect((await setFaults(payments.url, '')).status).toBe(404)
  expectProblem(await ask(), 599)
  expect((await get(`${payments.url}/nowhere`)).status).toBe(418)
  expect((await get(`${payments.url}/health`)).status).toBe(200)
})

test('faults of a running service: 400 with the column for a mistake, 401 without the token', async () => {
  for (const service of SERVICES) {
    const wrong = await setFaults(system.url[service], '5% status=503; 5% explode')
    expect(expectProblem(wrong, 400, 'invalid_faults')).toMatchObject({ column: 19 })
    const stranger = await get(`${system.url[service]}/faults`)
    expectProblem(stranger, 401)
    expect(stranger.headers['www-authenticate']).toMatch(/^Bearer/)
  }
})
