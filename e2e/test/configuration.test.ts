import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES } from '@quickticket/contract/services'
import { freePort } from '@quickticket/testing/free-port'
import { type RunningService, startService } from '@quickticket/testing/service-process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { startEvents, startGateway } from '../src/extra-replicas.ts'
import { type Answer, get, post } from '../src/http.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { scrape } from '../src/metrics.ts'
import { expectProblem } from '../src/problem.ts'
import { createShop } from '../src/shop.ts'
import { addEvent, sql, whileEventsAreLocked } from '../src/stores.ts'
import { startStubPayments } from '../src/stub-payments.ts'
import type { System } from '../src/system.ts'

let system: System
let eventId: number
/** a port without a listener */
let closedPort: string

beforeAll(async () => {
  system = await startLocalSystem()
  eventId = await addEvent(system, 100_000)
  closedPort = String(await freePort())
  await sql(system, `CREATE ROLE guest LOGIN PASSWORD 'knock'`)
  await sql(system, 'GRANT quickticket TO guest')
})
afterAll(() => system.close())

const checksOf = async ({ url }: RunningService) =>
  (await get<{ checks: Record<string, string> }>(`${url}/health`)).json.checks
const statusOf = async ({ url }: RunningService, path: string) => (await get(url + path)).status
const count = (answers: Answer[], status: number) =>
  answers.filter((answer) => answer.status === status).length
const times = <Result>(n: number, work: (i: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: n }, (_, i) => work(i)))

describe('every service', () => {
  test('APP_VERSION is shown by /version, /health and the build info', async () => {
    await Promise.all(
      SERVICES.map(async (service) => {
        const { url } = await startService(service, { APP_VERSION: 'v9-test', DB_ACQUIRE_TIMEOUT_MS: '100' })
        expect((await get(`${url}/version`)).json).toMatchObject({ version: 'v9-test' })
        expect((await get(`${url}/health`)).json).toMatchObject({ version: 'v9-test' })
        expect((await scrape(url)).sum(`${service}_build_info`, { version: 'v9-test' })).toBe(1)
      }),
    )
  })

  test('HOST chooses the address to listen on', async () => {
    const { url } = await startService('payments', { HOST: '127.0.0.1' })
    expect((await get(`${url}/livez`)).status).toBe(200)
    await expect(get(`${url.replace('127.0.0.1', '127.0.0.2')}/livez`)).rejects.toThrow()
  })

  test('LOG_LEVEL leaves out what is less severe', async () => {
    const payments = await startService('payments', { LOG_LEVEL: 'warn', PAYMENT_FAILURE_RATE: '1' })
    await post(`${payments.url}/charge`, { reservation_id: 'r', amount: 1 })
    await eventually(() => payments.logs.lines().some(({ msg }) => msg === 'injected failure'), true)
    expect(payments.logs.lines().filter(({ level }) => level === 'INFO')).toEqual([])
  })

  test('MAX_CONCURRENT_REQUESTS answers 503 to more, but never to probes', async () => {
    const payments = await startService('payments', {
      MAX_CONCURRENT_REQUESTS: '3',
      PAYMENT_LATENCY_MS: '1500',
    })
    const charging = times(10, (i) => post(`${payments.url}/charge`, { reservation_id: `r-${i}`, amount: 1 }))
    await eventually(() => payments.logs.lines().filter(({ status }) => status === 503).length, 7)
    for (const path of ['/livez', '/readyz', '/health', '/metrics']) {
      expect(await statusOf(payments, path)).toBe(200)
    }
    const answers = await charging
    expect(count(answers, 200)).toBe(3)
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expectProblem(answer, 503, 'overloaded')
      expect(answer.headers['retry-after']).toBe('1')
    }
  })

  test('a variable that is empty counts as not set', async () => {
    const payments = await startService('payments', { PAYMENT_FAILURE_RATE: '', APP_VERSION: '' })
    expect((await get(`${payments.url}/health`)).json).toMatchObject({
      failure_rate: 0,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
  })
})

describe('gateway', () => {
  const pay = async (gateway: RunningService) => {
    const shop = createShop(gateway.url)
    const { reservation_id } = await shop.reserved(eventId)
    return shop.pay(reservation_id)
  }

  test('EVENTS_URL and PAYMENTS_URL say where the others are, with or without a slash at the end', async () => {
    const nowhere = `http://127.0.0.1:${closedPort}`
    const { events, payments } = system.url
    const [right, noEvents, noPayments] = await Promise.all([
      startGateway(system, { EVENTS_URL: `${events}/`, PAYMENTS_URL: `${payments}/` }),
      startGateway(system, { EVENTS_URL: nowhere }),
      startGateway(system, { PAYMENTS_URL: nowhere }),
    ])
    expect((await pay(right)).status).toBe(200)
    expect(await statusOf(noEvents, '/events')).toBe(502)
    expect((await pay(noPayments)).status).toBe(503)
  })

  test('NOTIFICATIONS_URL unset: no notification is sent, and health does not list it', async () => {
    const gateway = await startGateway(system)
    const before = (await scrape(system.url.notifications)).sum('notifications_requests_total')
    expect((await pay(gateway)).status).toBe(200)
    expect(await checksOf(gateway)).toEqual({ events: 'ok', payments: 'ok', circuit_payments: 'CLOSED' })
    expect((await scrape(system.url.notifications)).sum('notifications_requests_total')).toBe(before)
  })

  test('NOTIFICATIONS_URL set: each order is told once, and only health shows when it fails', async () => {
    const sent = async () =>
      (await scrape(system.url.notifications)).sum('notifications_notify_total', { result: 'success' })
    const gateway = await startGateway(system, { NOTIFICATIONS_URL: system.url.notifications })
    const before = await sent()
    expect((await pay(gateway)).status).toBe(200)
    await eventually(sent, before + 1)
    expect(await checksOf(gateway)).toMatchObject({ notifications: 'ok' })

    const lonely = await startGateway(system, { NOTIFICATIONS_URL: `http://127.0.0.1:${closedPort}` })
    expect((await pay(lonely)).status).toBe(200)
    expect(await get(`${lonely.url}/health`)).toMatchObject({
      status: 200,
      json: { status: 'healthy', checks: { notifications: 'down' } },
    })
    await eventually(
      () => lonely.logs.lines().filter(({ msg }) => msg === 'notify failed (non-critical)').length,
      1,
    )
  })
})

describe('payments and notifications', () => {
  test('PAYMENT_FAILURE_RATE is the share of charges that fail', async () => {
    const payments = await startService('payments', { PAYMENT_FAILURE_RATE: '0.5' })
    const answers = await times(400, (i) =>
      post(`${payments.url}/charge`, { reservation_id: `r-${i}`, amount: 1 }),
    )
    const failed = answers.filter(({ status }) => status === 500)
    expect(failed.length).toBeGreaterThan(100)
    expect(failed.length).toBeLessThan(300)
    expect(count(answers, 200)).toBe(400 - failed.length)
    expect(expectProblem(failed[0] as Answer, 500).detail).toBe('Payment processing failed')
    const metrics = await scrape(payments.url)
    expect(metrics.sum('payments_charges_total', { result: 'failed' })).toBe(failed.length)
    expect(metrics.sum('payments_charges_total', { result: 'success' })).toBe(400 - failed.length)
    expect((await get(`${payments.url}/health`)).json).toMatchObject({ failure_rate: 0.5 })
  })

  test('PAYMENT_LATENCY_MS delays every charge, and nothing else', async () => {
    const payments = await startService('payments', { PAYMENT_LATENCY_MS: '800' })
    const charged = await post(`${payments.url}/charge`, { reservation_id: 'r', amount: 1 })
    expect(charged.status).toBe(200)
    expect(charged.elapsedMs).toBeGreaterThan(790)
    const health = await get(`${payments.url}/health`)
    expect(health).toMatchObject({ status: 200, json: { latency_ms: 800 } })
    expect(health.elapsedMs).toBeLessThan(700)
  })

  test('PAYMENT_LOST_ANSWER_RATE is the share of charges that take effect and look failed', async () => {
    const payments = await startService('payments', { PAYMENT_LOST_ANSWER_RATE: '1' })
    expectProblem(await post(`${payments.url}/charge`, { reservation_id: 'r', amount: 1 }), 500)
    const metrics = await scrape(payments.url)
    expect(metrics.sum('payments_charges_total', { result: 'success' })).toBe(1)
    expect(metrics.sum('payments_requests_total', { path: '/charge', status: '500' })).toBe(1)
  })

  test('NOTIFY_FAILURE_RATE and NOTIFY_LATENCY_MS do the same to notifications', async () => {
    const notifications = await startService('notifications', {
      NOTIFY_FAILURE_RATE: '1',
      NOTIFY_LATENCY_MS: '300',
    })
    const answer = await post(`${notifications.url}/notify`, { event: 'order_confirmed', order_id: 'o' })
    expectProblem(answer, 500)
    expect(answer.elapsedMs).toBeGreaterThan(290)
    expect((await get(`${notifications.url}/health`)).json).toMatchObject({
      status: 'healthy',
      failure_rate: 1,
      latency_ms: 300,
    })
    expect((await scrape(notifications.url)).sum('notifications_notify_total', { result: 'failed' })).toBe(1)
  })

  test('notifications that fail or lag do not hold up a payment', async () => {
    const notifications = await startService('notifications', {
      NOTIFY_FAILURE_RATE: '1',
      NOTIFY_LATENCY_MS: '10000',
    })
    const gateway = await startGateway(system, { NOTIFICATIONS_URL: notifications.url })
    const shop = createShop(gateway.url)
    const paid = await shop.pay((await shop.reserved(eventId)).reservation_id)
    expect(paid.status).toBe(200)
    expect(paid.elapsedMs).toBeLessThan(5000)
  })
})

describe('events', () => {
  const reserve = ({ url }: RunningService, quantity = 1, event = eventId) =>
    post<{ reservation_id: string; expires_in_seconds: number }>(`${url}/events/${event}/reserve`, {
      quantity,
    })
  const confirm = ({ url }: RunningService, id: string) =>
    post(`${url}/reservations/${id}/confirm`, { payment_ref: 'PAY-00C0FFEE' })
  const connectionsOf = async (user: string) =>
    (await sql(system, 'SELECT FROM pg_stat_activity WHERE usename = $1', [user])).length

  test('DB_HOST and DB_PORT say where PostgreSQL is', async () => {
    const wrong = [{ DB_HOST: 'nowhere.invalid' }, { DB_PORT: closedPort }]
    await Promise.all(
      wrong.map(async (variables) => {
        const events = await startEvents(system, variables)
        expect(await checksOf(events)).toMatchObject({ postgres: 'down' })
        expectProblem(await get(`${events.url}/events`), 503)
      }),
    )
  })

  test('DB_NAME names the database', async () => {
    const events = await startEvents(system, { DB_NAME: 'postgres', MIGRATE_ON_START: 'false' })
    expect((await get(`${events.url}/health`)).json).toMatchObject({
      checks: { postgres: 'degraded' },
      reasons: { postgres: expect.stringContaining('The database has no tables') },
    })
    expectProblem(await get(`${events.url}/events`), 500)
  })

  test('DB_USER and DB_PASS are what it logs in with; DB_PASS_FILE holds the password as well', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'quickticket-e2e-'))
    writeFileSync(join(dir, 'password'), 'knock\n')
    for (const secret of [{ DB_PASS: 'knock' }, { DB_PASS_FILE: join(dir, 'password') }]) {
      const events = await startEvents(system, { DB_USER: 'guest', DB_PASS: '', ...secret })
      expect(await statusOf(events, '/events')).toBe(200)
      expect(await connectionsOf('guest')).toBeGreaterThan(0)
      await events.end()
    }
    rmSync(dir, { recursive: true })
    const stranger = await startEvents(system, { DB_USER: 'guest', DB_PASS: 'wrong' })
    expect(await checksOf(stranger)).toMatchObject({ postgres: 'down' })
    expectProblem(await get(`${stranger.url}/events`), 503)
  })

  test('DB_MAX_CONNS=1: fifty requests at once wait for the one connection, none fails', async () => {
    const events = await startEvents(system, { DB_USER: 'guest', DB_PASS: 'knock', DB_MAX_CONNS: '1' })
    const reserved = await times(50, () => reserve(events))
    expect(count(reserved, 200)).toBe(50)
    const confirming = times(50, (i) => confirm(events, reserved[i]?.json.reservation_id as string))
    const reading = times(50, (i) => get(`${events.url}/events/${(i % 5) + 1}`))
    expect(await connectionsOf('guest')).toBe(1)
    expect(count(await confirming, 200)).toBe(50)
    expect(count(await reading, 200)).toBe(50)
    expect(await connectionsOf('guest')).toBe(1)
  })

  test('DB_ACQUIRE_TIMEOUT_MS: who waits longer for a connection gets 503 with Retry-After', async () => {
    const events = await startEvents(system, { DB_MAX_CONNS: '2', DB_ACQUIRE_TIMEOUT_MS: '300' })
    const reserved = await times(4, () => reserve(events))
    await whileEventsAreLocked(system, async () => {
      const confirming = reserved.map(({ json }) => confirm(events, json.reservation_id))
      // the lab's saturation gauge: connections in use
      await eventually(async () => (await scrape(events.url)).sum('events_db_pool_size'), 2)
      const answers = await Promise.all(confirming)
      expect(count(answers, 503)).toBe(4)
      const [first] = answers.toSorted((a, b) => a.elapsedMs - b.elapsedMs)
      expect(first?.elapsedMs).toBeGreaterThan(290)
      expect(first?.elapsedMs).toBeLessThan(1500)
      for (const answer of answers) {
        expectProblem(answer, 503)
        expect(answer.headers['retry-after']).toBe('1')
      }
    })
    await eventually(async () => (await scrape(events.url)).sum('events_db_pool_size'), 0)
  })

  test.for([
    ['DB_STATEMENT_TIMEOUT_MS', { DB_STATEMENT_TIMEOUT_MS: '300', DB_LOCK_TIMEOUT_MS: '10000' }],
    ['DB_LOCK_TIMEOUT_MS', { DB_LOCK_TIMEOUT_MS: '300', DB_STATEMENT_TIMEOUT_MS: '10000' }],
  ] as const)('%s: a statement that takes longer is answered with 503', async ([, timeouts]) => {
    const events = await startEvents(system, timeouts)
    await whileEventsAreLocked(system, async () => {
      const answer = await get(`${events.url}/events`)
      expectProblem(answer, 503)
      expect(answer.elapsedMs).toBeGreaterThan(290)
      expect(answer.elapsedMs).toBeLessThan(1500)
    })
    expect(await statusOf(events, '/events')).toBe(200)
  })

  test('REDIS_HOST and REDIS_PORT say where Redis is', async ({ skip }) => {
    skip(!system.redis, 'there is no Redis here')
    const wrong = [{ REDIS_HOST: 'nowhere.invalid' }, { REDIS_PORT: closedPort }]
    await Promise.all(
      wrong.map(async (variables) => {
        const events = await startEvents(system, variables)
        expect(await checksOf(events)).toEqual({ postgres: 'ok', redis: 'down' })
        expect(await statusOf(events, '/events')).toBe(200)
        expectProblem(await reserve(events), 503)
      }),
    )
  })

  test('REDIS_TIMEOUT_MS: a Redis that hangs is given up after it', async ({ skip }) => {
    skip(!system.redis, 'there is no Redis here')
    const events = await startEvents(system, { REDIS_TIMEOUT_MS: '200' })
    expect((await reserve(events)).status).toBe(200)
    await system.pause('redis')
    const answer = await reserve(events)
    await system.resume('redis')
    expectProblem(answer, 503)
    expect(answer.elapsedMs).toBeGreaterThan(190)
    expect(answer.elapsedMs).toBeLessThan(900)
    await eventually(async () => (await reserve(events)).status, 200)
  })

  test('HOLD_STORE=memory needs no Redis', async () => {
    const events = await startEvents(system, { HOLD_STORE: 'memory', REDIS_PORT: closedPort })
    const id = await addEvent(system, 2)
    const { status, json } = await reserve(events, 2, id)
    expect(status).toBe(200)
    expectProblem(await reserve(events, 1, id), 409)
    expect((await confirm(events, json.reservation_id)).status).toBe(200)
    expect(await statusOf(events, '/health')).toBe(200)
  })

  test('RESERVATION_TTL: then the hold is over and its seats are back', async () => {
    const events = await startEvents(system, { RESERVATION_TTL: '1' })
    const id = await addEvent(system, 5)
    const { json } = await reserve(events, 5, id)
    expect(json.expires_in_seconds).toBe(1)
    expectProblem(await reserve(events, 1, id), 409)
    await eventually(async () => (await reserve(events, 5, id)).status, 200)
    expectProblem(await confirm(events, json.reservation_id), 404)
  })

  test('PAYMENTS_URL is where events has charges voided that cannot become orders', async () => {
    const payments = await startStubPayments()
    await system.stop('events')
    const events = await startEvents(system, { PAYMENTS_URL: payments.url })
    const gateway = await startGateway(system, { EVENTS_URL: events.url, PAYMENTS_URL: payments.url })
    const shop = createShop(gateway.url)
    const id = await addEvent(system, 1)
    const { reservation_id } = await shop.reserved(id)
    await sql(
      system,
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ('by hand', $1, 1, 0, 'PAY-0')`,
      [id],
    )
    expectProblem(await shop.pay(reservation_id), 409)
    await eventually(
      () => payments.voids.some(({ headers }) => headers['idempotency-key'] === reservation_id),
      true,
    )
    await Promise.all([gateway.end(), events.end()])
    await system.start('events')
    await payments.close()
  })

  test('RECONCILE_INTERVAL_MS is the time between two rounds of settling', async () => {
    const events = await startEvents(system, { DB_PORT: closedPort, RECONCILE_INTERVAL_MS: '50' })
    // each round says that it could not; once a second would be far less often
    const rounds = () => events.logs.lines().filter(({ msg }) => msg === 'reconciliation is delayed').length
    await expect.poll(rounds, { timeout: 5000 }).toBeGreaterThan(40)
  })

  test('AUDIT_INTERVAL_S: unset nothing is audited, set the violations are counted', async () => {
    const audits = async ({ url }: RunningService) =>
      (await scrape(url)).samples.filter(({ name }) => name === 'events_invariant_violations').length
    const [quiet, auditing] = await Promise.all([
      startEvents(system),
      startEvents(system, { AUDIT_INTERVAL_S: '1' }),
    ])
    await expect.poll(() => audits(auditing), { timeout: 10_000 }).toBeGreaterThan(0)
    expect(await audits(quiet)).toBe(0)
  })
})
