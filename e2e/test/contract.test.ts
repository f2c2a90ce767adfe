import { SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { get, post, request } from '../src/http.ts'
import { expectProblem } from '../src/problem.ts'
import { createShop, type Shop } from '../src/shop.ts'
import { startSystem } from '../src/start-system.ts'
import { addEvent, sql } from '../src/stores.ts'
import type { System } from '../src/system.ts'

let system: System
let shop: Shop

beforeAll(async () => {
  system = await startSystem()
  shop = createShop(system.url.gateway)
})
afterAll(() => system.close())

const thisYear = new Date().getUTCFullYear()
/** The seed's: the first one in which all dates of the course are yet to come. */
const YEAR = Date.now() < Date.UTC(thisYear, 8, 15, 9) ? thisYear : thisYear + 1
const SEEDED = [
  [1, 'Go Conference 2026', 'Main Hall A', `${YEAR}-09-15T09:00:00Z`, 100, 5000],
  [4, 'Python Workshop', 'Lab 301', `${YEAR}-09-22T14:00:00Z`, 25, 2000],
  [2, 'SRE Meetup', 'Room 204', `${YEAR}-10-01T18:00:00Z`, 30, 0],
  [5, 'Kubernetes Deep Dive', 'Auditorium B', `${YEAR}-10-10T10:00:00Z`, 80, 8000],
  [3, 'Cloud Native Summit', 'Expo Center', `${YEAR}-11-20T10:00:00Z`, 500, 15000],
] as const

// the gateway answers what events answers, and so do the tests of both
describe.each(['gateway', 'events'] as const)('%s', (service) => {
  const events = (path = '') => `${system.url[service]}/events${path}`

  test('lists the course’s events by date', async () => {
    const { status, headers, json } = await get<Record<string, unknown>[]>(events())
    expect(status).toBe(200)
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(json.slice(0, 5)).toEqual(
      SEEDED.map(([id, name, venue, date, total_tickets, price_cents]) => ({
        id,
        name,
        venue,
        date: expect.toSatisfy((text: string) => Date.parse(text) === Date.parse(date)),
        total_tickets,
        price_cents,
        available: expect.toSatisfy((seats: number) => Number.isInteger(seats) && seats <= total_tickets),
      })),
    )
  })

  test('writes dates as ISO 8601 with an offset', async () => {
    const { json } = await get<{ date: string }>(events('/1'))
    expect(json.date).toMatch(/^\d{4}-09-15T09:00:00(\.\d+)?\+00:00$/)
  })

  test('shows one event as it is in the list', async () => {
    const list = await get<{ id: number }[]>(events())
    for (const id of [1, 2, 3, 4, 5]) {
      const { status, json } = await get(events(`/${id}`))
      expect(status).toBe(200)
      expect(json).toEqual(list.json.find((event) => event.id === id))
    }
  })

  test('lists a page at a time for those who ask for pages', async () => {
    const all = (await get<{ id: number }[]>(events())).json
    const first = (await get<{ id: number }[]>(events('?limit=2'))).json
    expect(first).toEqual(all.slice(0, 2))
    expect((await get(events(`?limit=2&after=${first[1]?.id}`))).json).toEqual(all.slice(2, 4))
    expect((await get(events(`?after=${all.at(-1)?.id}`))).json).toEqual([])
    expectProblem(await get(events('?limit=0')), 422, 'invalid_page')
    expectProblem(await get(events('?after=999')), 404)
  })

  test('does not know an event that was never made', async () => {
    expectProblem(await get(events('/999')), 404)
    expectProblem(await get(events('/0')), 404)
    expectProblem(await get(events('/-1')), 404)
    expectProblem(await get(events('/99999999999')), 404)
    expectProblem(await post(events('/999/reserve'), { quantity: 1 }), 404)
  })

  test('understands integers only as ids', async () => {
    for (const id of ['abc', '1.5', '1e3', '0x1', 'NaN', '%20', '1%2F2', 'null']) {
      expectProblem(await get(events(`/${id}`)), 422)
      expectProblem(await post(events(`/${id}/reserve`), { quantity: 1 }), 422)
    }
  })

  test('holds seats', async () => {
    const { status, json } = await post(events('/1/reserve'), { quantity: 2 })
    expect(status).toBe(200)
    expect(json).toEqual({
      reservation_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      event_id: 1,
      quantity: 2,
      total_cents: 10_000,
      expires_in_seconds: 300,
    })
  })

  test('holds one seat when no quantity is given', async () => {
    const { status, json } = await post(events('/1/reserve'), {})
    expect(status).toBe(200)
    expect(json).toMatchObject({ quantity: 1, total_cents: 5000 })
  })

  test('holds 1 to 10 seats at a time', async () => {
    for (const quantity of [1, 10]) {
      expect(await post(events('/3/reserve'), { quantity })).toMatchObject({
        status: 200,
        json: { quantity },
      })
    }
    for (const quantity of [0, 11, -1, 1_000_000]) {
      const problem = expectProblem(await post(events('/3/reserve'), { quantity }), 400, 'invalid_quantity')
      expect(problem.detail).toBe('Quantity must be 1-10')
    }
  })

  test('asks for a body', async () => {
    const problem = expectProblem(await post(events('/1/reserve')), 400)
    expect(problem.detail).toBe('Request body required')
  })

  test('reads bodies of up to 64 KiB', async () => {
    const bodyOf = (bytes: number) => `{"quantity":1,"note":"${'x'.repeat(bytes - 24)}"}`
    const send = (body: string) =>
      request('POST', events('/1/reserve'), { headers: { 'content-type': 'application/json' }, body })
    expect((await send(bodyOf(64 * 1024))).status).toBe(200)
    expectProblem(await send(bodyOf(64 * 1024 + 1)), 413)
  })

  test('says how many seats are left when there are not enough', async () => {
    const id = await addEvent(system, 5)
    await post(events(`/${id}/reserve`), { quantity: 3 })
    const problem = expectProblem(await post(events(`/${id}/reserve`), { quantity: 3 }), 409)
    expect(problem).toMatchObject({ detail: 'Not enough tickets (available: 2)', available: 2 })
  })
})

test('available counts what is sold, not what is held, and never falls below 0', async () => {
  const id = await addEvent(system, 10)
  const { reservation_id } = await shop.reserved(id, 4)
  expect((await shop.show(id)).json.available).toBe(10)
  await shop.pay(reservation_id)
  expect((await shop.show(id)).json.available).toBe(6)
  const list = await shop.list()
  expect(list.json.find((event) => event.id === id)?.available).toBe(6)
})

test('paying turns a reservation into the order of the same id, and paying again answers the same order', async () => {
  const { reservation_id } = await shop.reserved(5, 3)
  const first = await shop.pay(reservation_id)
  expect(first.status).toBe(200)
  expect(first.json).toEqual({
    order_id: reservation_id,
    event_id: 5,
    quantity: 3,
    total_cents: 24_000,
    status: 'confirmed',
  })
  const again = await Promise.all([1, 2, 3].map(() => shop.pay(reservation_id)))
  for (const { status, json } of again) expect({ status, json }).toEqual({ status: 200, json: first.json })

  const orders = await sql(system, 'SELECT * FROM orders WHERE id = $1', [reservation_id])
  expect(orders).toEqual([
    expect.objectContaining({
      event_id: 5,
      quantity: 3,
      total_cents: 24_000,
      status: 'confirmed',
      payment_ref: expect.stringMatching(/^PAY-[0-9A-F]{8}$/),
      created_at: expect.any(Date),
    }),
  ])
})

test('paying what was never reserved is 404', async () => {
  expectProblem(await shop.pay('11111111-2222-3333-4444-555555555555'), 404)
  expectProblem(await shop.pay('nonsense'), 404)
})

test('a free event can be paid as well', async () => {
  const { reservation_id, total_cents } = await shop.reserved(2)
  expect(total_cents).toBe(0)
  expect(await shop.pay(reservation_id)).toMatchObject({ status: 200, json: { total_cents: 0 } })
})

test('events confirms a reservation that was charged', async () => {
  const confirm = (id: string) =>
    post(`${system.url.events}/reservations/${id}/confirm`, { payment_ref: 'PAY-0123ABCD' })
  const { reservation_id } = await shop.reserved(1, 2)
  const first = await confirm(reservation_id)
  expect(first.status).toBe(200)
  expect(first.json).toEqual({
    order_id: reservation_id,
    event_id: 1,
    quantity: 2,
    total_cents: 10_000,
    status: 'confirmed',
  })
  expect((await confirm(reservation_id)).json).toEqual(first.json)
  expectProblem(await confirm('unknown'), 404)
})

test('payments charges', async () => {
  const { status, json } = await post(`${system.url.payments}/charge`, { reservation_id: 'r-1', amount: 500 })
  expect(status).toBe(200)
  expect(json).toEqual({ status: 'charged', payment_ref: expect.stringMatching(/^PAY-[0-9A-F]{8}$/) })
})

test('notifications notifies', async () => {
  const { status, json } = await post(`${system.url.notifications}/notify`, {
    event: 'order_confirmed',
    order_id: 'o-1',
  })
  expect(status).toBe(200)
  expect(json).toMatchObject({ status: 'sent' })
})

test('every service tells its health', async () => {
  const [gateway, events, payments, notifications] = await Promise.all(
    SERVICES.map((service) => get<Record<string, unknown>>(`${system.url[service]}/health`)),
  )
  for (const answer of [gateway, events, payments, notifications])
    expect(answer).toMatchObject({ status: 200 })
  expect(gateway?.json).toMatchObject({ status: 'healthy' })
  expect(gateway?.json.checks).toEqual({
    events: 'ok',
    payments: 'ok',
    circuit_payments: 'CLOSED',
    notifications: 'ok',
  })
  expect(events?.json).toMatchObject({ status: 'healthy' })
  expect(events?.json.checks).toEqual({ postgres: 'ok', redis: 'ok' })
  for (const answer of [payments, notifications]) {
    expect(answer?.json).toMatchObject({ status: 'healthy', failure_rate: 0, latency_ms: 0 })
  }
})

describe.each(SERVICES)('%s', (service) => {
  const own = (path: string) => `${system.url[service]}${path}`

  test('answers probes, its version and metrics', async () => {
    expect((await get(own('/livez'))).status).toBe(200)
    expect((await get(own('/readyz'))).status).toBe(200)
    const version = await get(own('/version'))
    expect(version).toMatchObject({ status: 200, json: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) } })
    const metrics = await get(own('/metrics'))
    expect(metrics.status).toBe(200)
    expect(metrics.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  })

  test('has documentation that can be read and tried', async () => {
    const page = await get(own('/docs'))
    expect(page.status).toBe(200)
    expect(page.headers['content-type']).toMatch(/^text\/html/)
    const assets = [...page.text.matchAll(/(?:src|href)="(?:\.\/)?([^"]+\.(?:js|css))"/g)].map(
      ([, path]) => path,
    )
    expect(assets.length).toBeGreaterThan(0)
    for (const asset of assets) {
      const { status } = await get(new URL(asset as string, own('/docs')).href)
      expect({ asset, status }).toEqual({ asset, status: 200 })
    }
  })

  test('answers 404 to unknown paths', async () => {
    for (const path of ['/', '/nope', '/events/1/nope', '/Health', '//']) {
      expectProblem(await get(own(path)), 404)
    }
  })

  test('answers 405 to wrong methods and names the right ones', async () => {
    for (const [path, allowed] of Object.entries(ALLOWED[service])) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        if (allowed.includes(method)) continue
        const answer = await request(method, own(path))
        expectProblem(answer, 405)
        expect(String(answer.headers.allow).split(', ')).toEqual(expect.arrayContaining(allowed))
      }
    }
  })

  test('has an OpenAPI 3.1 schema of its paths', async () => {
    const { status, headers, json } = await get<OpenApi>(own('/openapi.json'))
    expect(status).toBe(200)
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(json.openapi).toMatch(/^3\.1\.\d+$/)
    expect(json.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    for (const [path, allowed] of Object.entries(ALLOWED[service])) {
      if (path === '/metrics') continue
      const template = path.replace('/events/1', '/events/{id}').replace('/x/', '/{id}/')
      expect(Object.keys(json.paths[template] ?? {})).toEqual(
        expect.arrayContaining(
          allowed.filter((method) => method !== 'HEAD').map((method) => method.toLowerCase()),
        ),
      )
    }
    checkOpenApi(json)
  })
})

interface OpenApi {
  openapi: string
  info: object
  paths: Record<string, Record<string, Operation>>
}

interface Operation {
  summary?: string
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[]
  responses?: Record<string, { description?: string }>
}

/** What the specification demands beyond the presence of paths. @see https://spec.openapis.org/oas/v3.1.1 */
function checkOpenApi({ paths, ...rest }: OpenApi): void {
  for (const [path, operations] of Object.entries(paths)) {
    expect(path).toMatch(/^\//)
    const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const [method, operation] of Object.entries(operations)) {
      expect(['get', 'post', 'put', 'delete', 'patch', 'head', 'options', 'trace']).toContain(method)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map((parameter) => parameter.name)).toEqual(placeholders)
      for (const parameter of declared) expect(parameter).toMatchObject({ required: true, schema: {} })
      const responses = Object.entries(operation.responses ?? {})
      expect(responses.length).toBeGreaterThan(0)
      for (const [code, response] of responses) {
        expect(code).toMatch(/^([1-5](\d\d|XX)|default)$/)
        expect(response.description).toEqual(expect.any(String))
      }
    }
  }
  const text = JSON.stringify({ paths, ...rest })
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = pointer
      .split('/')
      .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], {
        paths,
        ...rest,
      })
    expect(found, pointer).toBeDefined()
  }
}

const EVERYWHERE = {
  '/health': ['GET', 'HEAD'],
  '/metrics': ['GET', 'HEAD'],
  '/livez': ['GET', 'HEAD'],
  '/readyz': ['GET', 'HEAD'],
  '/version': ['GET', 'HEAD'],
}
const TICKETS = {
  '/events': ['GET', 'HEAD'],
  '/events/1': ['GET', 'HEAD'],
  '/events/1/reserve': ['POST'],
}
/** The contract's paths with the methods that each of them has. */
const ALLOWED: Record<(typeof SERVICES)[number], Record<string, string[]>> = {
  gateway: { ...EVERYWHERE, ...TICKETS, '/reserve/x/pay': ['POST'] },
  events: { ...EVERYWHERE, ...TICKETS, '/reservations/x/confirm': ['POST'] },
  payments: { ...EVERYWHERE, '/charge': ['POST'] },
  notifications: { ...EVERYWHERE, '/notify': ['POST'] },
}
