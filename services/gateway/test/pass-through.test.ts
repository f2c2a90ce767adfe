import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

interface Ask {
  method: 'GET' | 'POST' | 'DELETE'
  url: string
  payload?: string | undefined
  headers?: Record<string, string>
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** The same request of a client to the gateway, and the one that the gateway makes of it to events. */
async function expectSameProblem(ask: Ask, asked: Ask, problem: { status: number; error: string }) {
  const id = randomUUID()
  const traceparent = `00-${id.replaceAll('-', '')}-00f067aa0ba902b7-01`
  const answerOf = async (service: 'gateway' | 'events', { headers, payload: body, ...request }: Ask) => {
    const sent = { ...request, ...(body !== undefined && { payload: body }) }
    const options = { ...sent, headers: { ...headers, 'x-request-id': id, traceparent } }
    const { statusCode, headers: answered, payload } = await shop[service].app.inject(options)
    return { statusCode, type: answered['content-type'], cache: answered['cache-control'], payload }
  }
  const answer = await answerOf('gateway', ask)
  expect(JSON.parse(answer.payload)).toMatchObject(problem)
  expect(answer).toEqual(await answerOf('events', asked))
}

describe('what events refuses, the gateway answers in the same bytes', () => {
  test.each([
    'limit=0',
    'limit=1001',
    'limit=',
    'limit=ten',
    'limit=1&limit=2',
    'limit=1e2',
    'limit=%00',
    'limit=%2B1',
    'after=-1',
    'after=a',
    'after=1&after=',
  ])('the page %s', async (query) => {
    const ask: Ask = { method: 'GET', url: `/events?${query}` }
    await expectSameProblem(ask, ask, { status: 422, error: 'invalid_page' })
  })

  test.each(['abc', '1.5', '1e3', '0x1', '%20', '1%2F2', '--1', '1%00', '%D9%A1', '1;x', '%252F'])(
    'the event id %s',
    async (id) => {
      const refused = { status: 422, error: 'invalid_event_id' }
      const show: Ask = { method: 'GET', url: `/events/${id}` }
      await expectSameProblem(show, show, refused)
      const reserve: Ask = { method: 'POST', url: `/events/${id}/reserve`, payload: '{}', headers: JSON_TYPE }
      await expectSameProblem(reserve, reserve, refused)
    },
  )

  test('the event id that is empty', async () => {
    const reserve: Ask = { method: 'POST', url: '/events//reserve', payload: '{}', headers: JSON_TYPE }
    await expectSameProblem(reserve, reserve, { status: 422, error: 'invalid_event_id' })
  })

  test.each([
    [undefined, 'body_required'],
    ['', 'body_required'],
    ['[]', 'body_required'],
    ['null', 'body_required'],
    ['{', 'malformed_json'],
    ['{"quantity":0}', 'invalid_quantity'],
    ['{"quantity":"2"}', 'invalid_quantity'],
  ])('the body %j', async (payload, error) => {
    const url = `/events/${await shop.addEvent(1)}/reserve`
    const headers: Ask['headers'][] = payload ? [JSON_TYPE] : [{}, JSON_TYPE]
    for (const each of headers) {
      const ask: Ask = { method: 'POST', url, payload, headers: { ...each } }
      await expectSameProblem(ask, ask, { status: 400, error })
    }
  })

  test.each([
    ['%00', 422, 'invalid_path'],
    ['a%00b', 422, 'invalid_path'],
    ['', 422, 'invalid_path'],
    ['a%2Fb', 404, 'reservation_not_found'],
    ['%F0%9F%8E%AB', 404, 'reservation_not_found'],
  ])('the reservation id "%s"', async (id, status, error) => {
    const pay: Ask = { method: 'POST', url: `/reserve/${id}/pay` }
    const payload = '{"charge_within_ms":5000}'
    const checkout: Ask = { method: 'POST', url: `/reservations/${id}/checkout`, payload, headers: JSON_TYPE }
    await expectSameProblem(pay, checkout, { status, error })
    if (id === '') return
    await expectSameProblem(
      { method: 'GET', url: `/reserve/${id}` },
      { method: 'GET', url: `/reservations/${id}` },
      { status, error },
    )
    await expectSameProblem(
      { method: 'DELETE', url: `/reserve/${id}` },
      { method: 'POST', url: `/reservations/${id}/release` },
      { status, error },
    )
  })
})
