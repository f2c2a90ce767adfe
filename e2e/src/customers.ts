import { type RequestOptions, request } from './http.ts'
import { sendRaw } from './raw-http.ts'
import { count, type Tally } from './request-counts.ts'
import type { Reservation } from './shop.ts'

export interface Visit {
  method: string
  path: string
  /** how the path is counted */
  template: string
  options?: RequestOptions
}

/**
 * Customers who keep their own books: what they asked and what they saw, as `METHOD template status`. They never ask
 * twice by themselves.
 */
export function createCustomers(gatewayUrl: string) {
  const tally: Tally = {}
  const reservations: string[] = []
  const paid = new Set<string>()

  async function visit({ method, path, template, options }: Visit) {
    const answer = await request(method, gatewayUrl + path, options)
    count(tally, `${method} ${template} ${answer.status}`)
    return answer
  }

  async function sendBytes(bytes: string, countedAs: string): Promise<void> {
    const { status } = await sendRaw(gatewayUrl, bytes)
    count(tally, `${countedAs} ${status}`)
  }

  async function reserve(eventId: number, quantity: unknown): Promise<void> {
    const { status, json } = await visit({
      method: 'POST',
      path: `/events/${eventId}/reserve`,
      template: '/events/{id}/reserve',
      options: { json: { quantity } },
    })
    if (status === 200) reservations.push((json as Reservation).reservation_id)
  }

  /** Pays a reservation of any customer, or one that was never made. */
  async function pay(id = reservations.pop() ?? 'nobody'): Promise<number> {
    const { status } = await visit({
      method: 'POST',
      path: `/reserve/${id}/pay`,
      template: '/reserve/{id}/pay',
    })
    if (status === 200) paid.add(id)
    else if (status !== 404) reservations.unshift(id)
    return status
  }

  return { tally, reservations, paid, visit, sendBytes, reserve, pay }
}

export type Customers = ReturnType<typeof createCustomers>

/** One of many kinds of requests, good and bad; the same numbers make the same requests. */
export async function visitSomehow(customers: Customers, number: number, eventIds: number[]): Promise<void> {
  const { visit, sendBytes, reserve, pay } = customers
  const pick = <Item>(items: Item[]) => items[Math.floor(number / KINDS) % items.length] as Item
  const eventId = pick(eventIds)
  switch (number % KINDS) {
    case 0:
      return reserve(eventId, pick([1, 2, 3, undefined]))
    case 1: {
      const id = customers.reservations.pop()
      // paying again comes to the same
      if ((await pay(id)) === 200) await pay(id)
      return
    }
    case 2:
      await visit({ method: 'GET', path: `/events/${eventId}`, template: '/events/{id}' })
      return
    case 3:
      await visit(pick(STRAY))
      return
    case 4:
      await visit(pick(MALFORMED))
      return
    case 5:
      await visit(pick(OPERATORS))
      return
    case 6:
      return sendBytes(...pick(BYTES))
    default:
      await visit({ method: 'GET', path: '/events', template: '/events' })
  }
}

const KINDS = 12
const JSON_TYPE = { 'content-type': 'application/json' }
const RESERVE = { method: 'POST', path: '/events/1/reserve', template: '/events/{id}/reserve' }
const PAY = { method: 'POST', template: '/reserve/{id}/pay' }

/** Paths and methods that are not there. */
const STRAY: Visit[] = [
  { method: 'GET', path: '/nope', template: 'unmatched' },
  { method: 'POST', path: '/nope/1/2/3?x=y', template: 'unmatched', options: { json: {} } },
  { method: 'GET', path: `/${'very-long/'.repeat(50)}`, template: 'unmatched' },
  { method: 'GET', path: '/etc%2fpasswd', template: 'unmatched' },
  { method: 'DELETE', path: '/events', template: '/events' },
  { method: 'PUT', path: '/events/1', template: '/events/{id}' },
  { method: 'PATCH', path: '/events/1/reserve', template: '/events/{id}/reserve' },
  { method: 'GET', path: '/reserve/x/pay', template: '/reserve/{id}/pay' },
  { method: 'OPTIONS', path: '/health', template: '/health' },
]

const MALFORMED: Visit[] = [
  { ...RESERVE, options: { headers: JSON_TYPE, body: '{"quantity":' } },
  { ...RESERVE, options: { json: { quantity: '2' } } },
  { ...RESERVE, options: { json: { quantity: 99 } } },
  { ...RESERVE, options: { headers: { 'content-type': 'text/csv' }, body: 'quantity\n1' } },
  { ...RESERVE, options: { headers: JSON_TYPE, body: 'x'.repeat(100_000) } },
  { ...RESERVE, path: '/events/abc/reserve', options: { json: {} } },
  { ...RESERVE, path: '/events/4711/reserve', options: { json: {} } },
  { ...RESERVE },
  { method: 'GET', path: '/events/4711', template: '/events/{id}' },
  { method: 'GET', path: '/events/abc', template: '/events/{id}' },
  { ...PAY, path: '/reserve/nobody/pay' },
  { ...PAY, path: `/reserve/${'x'.repeat(101)}/pay` },
]

const OPERATORS: Visit[] = [
  { method: 'GET', path: '/health', template: '/health' },
  { method: 'GET', path: '/livez', template: '/livez' },
  { method: 'GET', path: '/readyz?probe=1', template: '/readyz' },
  { method: 'GET', path: '/version', template: '/version' },
  { method: 'GET', path: '/openapi.json', template: '/openapi.json' },
  { method: 'HEAD', path: '/health', template: '/health' },
]

/** What is no proper request, and how it is counted when nothing of it can be read. */
const BYTES: [bytes: string, countedAs: string][] = [
  ['hello\r\n\r\n', 'unmatched unmatched'],
  [`GET /events HTTP/1.1\r\nHost: x\r\nX-Test: ${'x'.repeat(40_000)}\r\n\r\n`, 'unmatched unmatched'],
  ['GET /events HTTP/1.1\r\n\r\n', 'GET /events'],
  [
    'POST /events/1/reserve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    'POST /events/{id}/reserve',
  ],
  [
    'POST /events/1/reserve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    'POST /events/{id}/reserve',
  ],
]
