import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { eventsApp } from '@quickticket/testing/events-app'
import { gatewayApp } from '@quickticket/testing/gateway-app'
import { paymentsApp } from '@quickticket/testing/payments-app'
import { listen, sendRaw } from '@quickticket/testing/raw-http'
import { series } from '@quickticket/testing/series'
import { addEvent, noRedis } from '@quickticket/testing/stores'
import { startTcpProxy, type TcpProxy } from '@quickticket/testing/tcp-proxy'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'

type Service = 'gateway' | 'events' | 'payments'
interface Ask {
  id?: string | number
  payload?: unknown
  headers?: Record<string, string>
}

let events: Awaited<ReturnType<typeof eventsApp>>
let apps: Record<Service, Awaited<ReturnType<typeof gatewayApp>>['app']>
let payments: Awaited<ReturnType<typeof paymentsApp>>
let doors: Record<'postgres' | 'redis' | 'events' | 'payments', TcpProxy>
let documented: Record<Service, Map<string, string>>
const seen: Record<Service, Set<string>> = { gateway: new Set(), events: new Set(), payments: new Set() }

beforeAll(async () => {
  const doorTo = (url: string) => {
    const { hostname, port } = new URL(url)
    return startTcpProxy({ host: hostname, port: Number(port) })
  }
  const postgres = await doorTo(inject('postgresUrl'))
  const redis = await doorTo(inject('redisUrl') || 'redis://127.0.0.1:1')
  payments = await paymentsApp()
  const toPayments = await doorTo((await listen(payments.app)).url)
  events = await eventsApp({
    postgresPort: postgres.port,
    redisPort: redis.port,
    env: { PAYMENTS_URL: toPayments.url, DB_LOCK_TIMEOUT_MS: '50' },
  })
  const toEvents = await doorTo((await listen(events.app)).url)
  const { app: gateway } = await gatewayApp({
    EVENTS_URL: toEvents.url,
    PAYMENTS_URL: toPayments.url,
    GATEWAY_TIMEOUT_MS: '1500',
    BULKHEAD_EVENTS_MAX: '6',
  })
  await listen(gateway)
  apps = { gateway, events: events.app, payments: payments.app }
  doors = { postgres, redis, events: toEvents, payments: toPayments }
  documented = {
    gateway: await problemsOf('gateway'),
    events: await problemsOf('events'),
    payments: await problemsOf('payments'),
  }
})
afterAll(async () => {
  await apps.gateway.close()
  await doors.events.shut()
  await events.close()
  await Promise.all([doors.payments, doors.postgres, doors.redis].map((door) => door.shut()))
  await apps.payments.close()
})

/** By `operation status code`, with what its example says. */
async function problemsOf(service: Service): Promise<Map<string, string>> {
  const { paths } = (await apps[service].inject('/openapi.json')).json() as {
    paths: Record<string, Record<string, { responses: Record<string, Documented> }>>
  }
  const found = new Map<string, string>()
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const examples = content['application/problem+json']?.examples ?? {}
        for (const [code, { value }] of Object.entries(examples))
          found.set(`${method.toUpperCase()} ${path} ${status} ${code}`, value.detail)
      }
    }
  }
  return found
}

interface Documented {
  content?: Record<string, { examples?: Record<string, { value: { detail: string } }> }>
}

const operations = (service: Service) => [
  ...new Set([...documented[service].keys()].map((key) => key.split(' ').slice(0, 2).join(' '))),
]

async function ask(service: Service, operation: string, { id = 1, payload, headers }: Ask = {}) {
  const [method, path = ''] = operation.split(' ')
  const answer = await apps[service].inject({
    method: method as 'GET',
    url: path.replace('{id}', String(id)),
    headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(payload !== undefined && {
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    }),
  })
  if (answer.headers['content-type']?.toString().startsWith('application/problem+json')) {
    const { status, error } = answer.json()
    seen[service].add(`${operation.replace(/\?.*/, '')} ${status} ${error}`)
  }
  return answer
}

describe('what the gateway passes on is what events documents', () => {
  /** The routes of events that one of the gateway asks. */
  const ASKED: Record<string, string[]> = {
    'GET /events': ['GET /events'],
    'GET /events/{id}': ['GET /events/{id}'],
    'POST /events/{id}/reserve': ['POST /events/{id}/reserve'],
    'GET /reserve/{id}': ['GET /reservations/{id}'],
    'DELETE /reserve/{id}': ['POST /reservations/{id}/release'],
    'POST /reserve/{id}/pay': ['POST /reservations/{id}/checkout', 'POST /reservations/{id}/confirm'],
  }
  // the id of a reservation and these bodies are written by the gateway; what breaks behind a list is a bad gateway
  const NOT_PASSED_ON: Record<string, RegExp> = {
    'GET /events': / 50\d /,
    'GET /events/{id}': / 50\d /,
    'POST /events/{id}/reserve': / (invalid_reservation_id|reservation_over)$/,
    'DELETE /reserve/{id}': / malformed_json$/,
    'POST /reserve/{id}/pay': / (malformed_json|invalid_body)$/,
  }
  const OWN = /^(events_\w+|payment_\w+|payments_\w+|circuit_open|order_not_confirmed)$/

  test.each(Object.entries(ASKED))('%s', (operation, asked) => {
    const of = (service: Service, names: string[]) =>
      new Map(
        [...documented[service]].flatMap(([key, detail]) => {
          const name = names.find((each) => key.startsWith(`${each} `))
          return name ? [[` ${key.slice(name.length + 1)}`, detail] as const] : []
        }),
      )
    const theirs = [...of('events', asked)].filter(
      ([key]) => !NOT_PASSED_ON[operation]?.test(key) && !OF_ANY_ROUTE.test(key),
    )
    const ours = [...of('gateway', [operation])].filter(
      ([key]) => !OWN.test(key.split(' ').at(-1) ?? '') && !OF_ANY_ROUTE.test(key),
    )
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs))
  })
})

describe('what is answered is documented, and what is documented is answered', () => {
  test('whatever is wrong with a request', async () => {
    for (const service of ['gateway', 'events', 'payments'] as const) {
      const { port } = apps[service].server.address() as { port: number }
      for (const operation of operations(service)) {
        const line = operation.replace('{id}', '1')
        for (const rest of ['host: a\r\nbad header\r\n', 'connection: close\r\n']) {
          const text = await sendRaw(port, `${line} HTTP/1.1\r\n${rest}\r\n`)
          const { status, error } = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
          seen[service].add(`${operation} ${status} ${error}`)
        }
        for (const id of ['%E0%A4%A', '1'.repeat(200), '%00']) {
          if (operation.includes('{id}')) await ask(service, operation, { id })
        }
        if (operation.startsWith('GET')) continue
        for (const payload of ['{', '[]', '', '{}', '{"quantity":0}', `"${'a'.repeat(70_000)}"`])
          await ask(service, operation, { payload })
        await ask(service, operation, { payload: 'a=b', headers: { 'content-type': 'text/plain' } })
        await ask(service, operation, { payload: '{}', headers: { 'content-length': '9' } })
      }
    }
  })

  test('whatever becomes of tickets', async () => {
    const event = await addEvent(events.pool, 3)
    await events.pool.query('ALTER TABLE events DROP CONSTRAINT events_price_in_range')
    const costly = await addEvent(events.pool, 3, 300_000_000)
    for (const service of ['gateway', 'events'] as const) {
      const reserve = (options: Ask) =>
        ask(service, 'POST /events/{id}/reserve', { payload: { quantity: 1 }, ...options })
      for (const query of ['limit=0', 'after=99999']) await ask(service, `GET /events?${query}`)
      await ask(service, 'GET /events/{id}', { id: 99_999 })
      await ask(service, 'GET /events/{id}', { id: 'x' })
      for (const id of [99_999, 'x', costly]) await reserve({ id })
      await reserve({ id: event, payload: { quantity: 4 } })
    }
    await ask('events', 'POST /events/{id}/reserve', {
      id: event,
      payload: {},
      headers: { 'x-reservation-id': '1' },
    })
    const over = randomUUID()
    await ask('events', 'POST /reservations/take-back', { payload: { reservation_ids: [over] } })
    await ask('events', 'POST /events/{id}/reserve', {
      id: event,
      payload: {},
      headers: { 'x-reservation-id': over },
    })

    const unknown = randomUUID()
    await onReservations(unknown)
    const paid = await reserved(event)
    await ask('gateway', 'POST /reserve/{id}/pay', { id: paid })
    await ask('gateway', 'DELETE /reserve/{id}', { id: paid })
    await ask('events', 'POST /reservations/{id}/release', { id: paid })
    for (const service of ['events', 'gateway'] as const) {
      const id = await reserved(event)
      await ask('events', 'POST /reservations/{id}/checkout', { id, payload: { charge_within_ms: 5000 } })
      await events.pool.query('UPDATE events SET sold = total_tickets WHERE id = $1', [event])
      if (service === 'gateway') await ask(service, 'POST /reserve/{id}/pay', { id })
      else await confirm(id)
      await events.pool.query('UPDATE events SET sold = 1 WHERE id = $1', [event])
    }
  })

  test('whatever becomes of charges', async () => {
    const charge = (payload: object) =>
      ask('payments', 'POST /charge', { payload: { reservation_id: 'r', amount: 1, ...payload } })
    await charge({ charge_before: 1 })
    await charge({})
    await charge({ amount: 2 })
    await ask('payments', 'POST /void', { payload: { reservation_id: 'r' } })
    await charge({})
  })

  test('whatever is stopped, hangs or is broken', async () => {
    const event = await addEvent(events.pool, 100)
    const ids = await Promise.all([1, 2, 3, 4].map(() => reserved(event)))
    const [first = '', second = '', third = '', fourth = ''] = ids
    await doors.payments.shut()
    await ask('gateway', 'POST /reserve/{id}/pay', { id: first })
    await doors.payments.open()
    doors.payments.stall()
    await ask('gateway', 'POST /reserve/{id}/pay', { id: second })
    await doors.payments.shut()
    await doors.payments.open()

    await doors.events.shut()
    await onGateway(third, event)
    await doors.events.open()
    doors.events.stall()
    await onGateway(third, event)
    const waiting = Array.from({ length: 6 }, () => ask('gateway', 'GET /events'))
    await vi.waitFor(async () =>
      expect(await series(apps.gateway, 'gateway_bulkhead_in_flight')).toMatchObject({
        'gateway_bulkhead_in_flight{target="events"}': 6,
      }),
    )
    await onGateway(third, event)
    await Promise.all(waiting)
    await doors.events.shut()
    await doors.events.open()

    payments.onCharge(() => doors.postgres.shut())
    await ask('gateway', 'POST /reserve/{id}/pay', { id: third })
    payments.onCharge(undefined)
    await doors.postgres.open()

    const holder = await events.pool.connect()
    await holder.query(`BEGIN; LOCK TABLE ${TABLES} IN ACCESS EXCLUSIVE MODE`)
    await onEverything(third, event)
    await holder.query('ROLLBACK')
    holder.release()

    await doors.redis.shut()
    await onEverything(fourth, event)
    await doors.postgres.shut()
    await onEverything(third, event)
    await doors.postgres.open()
    await events.pool.query(`DROP TABLE ${TABLES} CASCADE`)
    await onEverything(third, event)
  })

  test.each(['gateway', 'events', 'payments'] as const)('all in all, for %s', (service) => {
    const answered = [...seen[service]].filter((key) => !documented[service].has(key))
    // of any request alike, and under no status of its own
    const notByDefault = answered.filter(
      (key) => !documented[service].has(key.replace(/ \d+ (\w+)$/, ' default $1')),
    )
    expect(notByDefault).toEqual([])
    const missing = [...documented[service].keys()].filter(
      (key) => !key.includes(' default ') && !OF_ANY_ROUTE.test(key) && !seen[service].has(key),
    )
    expect(missing.filter((key) => !isShownElsewhere(key))).toEqual([])
  })
})

/** The default, or beside another problem with the same status. */
const OF_ANY_ROUTE = / (internal_error|overloaded)$/

const TABLES = 'events, orders, checkouts, outbox'

/** What takes a system of its own: the file that provokes it. */
const ELSEWHERE: Record<string, string> = {
  circuit_open: 'pay-payments-fault.test.ts',
  payments_busy: 'pay-bulkhead.test.ts',
  payment_failed: 'pay-payments-fault.test.ts',
}

function isShownElsewhere(key: string): boolean {
  const code = key.split(' ').at(-1) ?? ''
  if (noRedis && code === 'reservations_unavailable') return true
  const file = ELSEWHERE[code]
  return file !== undefined && readFileSync(new URL(file, import.meta.url), 'utf8').includes(`'${code}'`)
}

async function reserved(id: number): Promise<string> {
  const answer = await ask('gateway', 'POST /events/{id}/reserve', { id, payload: {} })
  return answer.json().reservation_id
}

const confirm = (id: string) =>
  ask('events', 'POST /reservations/{id}/confirm', { id, payload: { payment_ref: 'PAY-12345678' } })

async function onReservations(id: string): Promise<void> {
  await ask('events', 'GET /reservations/{id}', { id })
  await ask('events', 'POST /reservations/{id}/release', { id })
  await ask('events', 'POST /reservations/{id}/checkout', { id, payload: { charge_within_ms: 5000 } })
  await confirm(id)
  for (const operation of ['GET /reserve/{id}', 'DELETE /reserve/{id}', 'POST /reserve/{id}/pay'])
    await ask('gateway', operation, { id })
}

async function onGateway(id: string, event: number): Promise<void> {
  await Promise.all([
    ask('gateway', 'GET /events'),
    ask('gateway', 'GET /events/{id}', { id: event }),
    ask('gateway', 'POST /events/{id}/reserve', { id: event, payload: {} }),
    ...['GET /reserve/{id}', 'DELETE /reserve/{id}', 'POST /reserve/{id}/pay'].map((operation) =>
      ask('gateway', operation, { id }),
    ),
  ])
}

async function onEverything(id: string, event: number): Promise<void> {
  await onReservations(id)
  await onGateway(id, event)
  await ask('events', 'GET /events')
  await ask('events', 'GET /events/{id}', { id: event })
  await ask('events', 'POST /events/{id}/reserve', { id: event, payload: {} })
  await ask('events', 'POST /reservations/take-back', { payload: { reservation_ids: [randomUUID()] } })
  await ask('events', 'POST /orders/notified', { payload: { order_ids: ['1'] } })
  await ask('events', 'POST /orders/unnotified', { payload: { limit: 1 } })
}
