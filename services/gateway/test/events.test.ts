import { gatewayApp } from '@quickticket/testing/gateway-app'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeUpstream, fakeUpstream, send } from './fake-upstream.ts'

const upstreams: FakeUpstream[] = []
afterEach(() => {
  for (const upstream of upstreams.splice(0)) upstream.close()
})

async function gatewayTo(answer: Parameters<typeof fakeUpstream>[0], env: Record<string, string> = {}) {
  const events = await fakeUpstream(answer)
  upstreams.push(events)
  return { events, ...(await gatewayApp({ EVENTS_URL: events.url, PAYMENTS_URL: events.url, ...env })) }
}

const event = { id: 7, name: 'Test', venue: 'Hall', date: '2026-09-15T09:00:00+00:00', more: [1, 2] }

test('the list and one event are what events answers, byte by byte', async () => {
  const { app, events } = await gatewayTo(({ path }, response) =>
    send(response, 200, path === '/events' ? [event] : event),
  )
  expect((await app.inject('/events')).payload).toBe(JSON.stringify([event]))
  const one = await app.inject('/events/7')
  expect(one.payload).toBe(JSON.stringify(event))
  expect(one.headers['content-type']).toBe('application/json')
  expect(events.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /events',
    'GET /events/7',
  ])
})

test('a page is asked for with what makes it one, and nothing else', async () => {
  const { app, events } = await gatewayTo((_request, response) => send(response, 200, [event]))
  for (const query of [
    '?limit=10',
    '?after=7&limit=1000',
    '?after=0&x=%22',
    '?x=1',
    '?limit=1&limit=%26',
    '?limit=',
  ])
    expect((await app.inject(`/events${query}`)).statusCode).toBe(200)
  expect(events.requests.map(({ path }) => path)).toEqual([
    '/events?limit=10',
    '/events?limit=1000&after=7',
    '/events?after=0',
    '/events',
    '/events?limit=1&limit=%26',
    '/events?limit=',
  ])
})

test('an event that is not there is passed on with its problem', async () => {
  const problem = { error: 'event_not_found', status: 404 }
  const { app } = await gatewayTo((_request, response) =>
    send(response, 404, problem, { 'content-type': 'application/problem+json' }),
  )
  const answer = await app.inject('/events/999')
  expect(answer.statusCode).toBe(404)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expect(answer.json()).toEqual(problem)
})

test.each(['1%2F2', '1%3Flimit=2', '1%23x', '%0D%0Ahost:%20x', '%00', '%252e', '%F0%9F%8E%AB', 'a%20b'])(
  'the id %s stays one part of the path that events is asked for',
  async (id) => {
    const { app, events } = await gatewayTo((_request, response) => send(response, 422, {}))
    const encoded = encodeURIComponent(decodeURIComponent(id))
    await app.inject(`/events/${id}`)
    await app.inject({ method: 'POST', url: `/events/${id}/reserve`, payload: {} })
    await app.inject(`/reserve/${id}`)
    await app.inject({ method: 'DELETE', url: `/reserve/${id}` })
    await app.inject({ method: 'POST', url: `/reserve/${id}/pay` })
    expect(events.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /events/${encoded}`,
      `POST /events/${encoded}/reserve`,
      `GET /reservations/${encoded}`,
      `POST /reservations/${encoded}/release`,
      `POST /reservations/${encoded}/checkout`,
    ])
  },
)

describe('to reserve', () => {
  const reserve = { method: 'POST', url: '/events/7/reserve' } as const
  const json = { 'content-type': 'application/json' }

  test('what was sent goes on as it is, and so does the answer', async () => {
    const { app, events } = await gatewayTo((_request, response) =>
      send(response, 409, { available: 2 }, { 'retry-after': '3' }),
    )
    const answer = await app.inject({ ...reserve, headers: json, payload: '{"quantity": 3, "x": null}' })
    expect(answer.statusCode).toBe(409)
    expect(answer.headers['retry-after']).toBe('3')
    expect(answer.json()).toEqual({ available: 2 })
    expect(events.requests).toEqual([
      expect.objectContaining({ method: 'POST', path: '/events/7/reserve', body: { quantity: 3, x: null } }),
    ])
  })

  test('a body that is too large or of another media type is refused', async () => {
    const { app, events } = await gatewayTo(() => {})
    const large = await app.inject({ ...reserve, headers: json, payload: 'x'.repeat(65_537) })
    expect(large.json()).toMatchObject({ status: 413, error: 'body_too_large' })
    const form = await app.inject({
      ...reserve,
      headers: { 'content-type': 'text/plain' },
      payload: 'quantity=1',
    })
    expect(form.json()).toMatchObject({ status: 415, error: 'unsupported_media_type' })
    expect(events.requests).toEqual([])
  })

  test('503 of events is passed on: no seats can be held now', async () => {
    const { app } = await gatewayTo((_request, response) =>
      send(response, 503, { error: 'reservations_unavailable' }),
    )
    const answer = await app.inject({ ...reserve, payload: { quantity: 1 } })
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toEqual({ error: 'reservations_unavailable' })
  })
})

describe('when events is not well', () => {
  const asks = [
    { method: 'GET', url: '/events' },
    { method: 'GET', url: '/events/7' },
    { method: 'POST', url: '/events/7/reserve', payload: { quantity: 1 } },
  ] as const

  test('stopped: 502', async () => {
    const { app, events } = await gatewayTo(() => {})
    events.close()
    for (const ask of asks) {
      const answer = await app.inject({ ...ask })
      expect(answer.json()).toMatchObject({ status: 502, error: 'events_unavailable' })
      expect(answer.payload).not.toMatch(/ECONN|127\.0\.0\.1/)
    }
  })

  test('hanging: 504', async () => {
    const { app } = await gatewayTo(() => {}, { GATEWAY_TIMEOUT_MS: '50' })
    for (const ask of asks) {
      expect((await app.inject({ ...ask })).json()).toMatchObject({ status: 504, error: 'events_timeout' })
    }
  })

  test('answering a list with 5xx: 502, and nothing of what it said', async () => {
    const { app } = await gatewayTo((_request, response) => send(response, 500, { detail: 'secret' }))
    for (const url of ['/events', '/events/7']) {
      const answer = await app.inject(url)
      expect(answer.json()).toMatchObject({ status: 502, error: 'events_unavailable' })
      expect(answer.payload).not.toContain('secret')
    }
  })

  test('breaking off in the middle: 502', async () => {
    const { app } = await gatewayTo((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('[')
      setImmediate(() => response.destroy())
    })
    expect((await app.inject('/events')).statusCode).toBe(502)
  })
})

test('a gateway that stops lets what is in flight finish', async () => {
  const gate = Promise.withResolvers<void>()
  const { app, events } = await gatewayTo(async (_request, response) => {
    await gate.promise
    send(response, 200, [event])
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = fetch(`${url}/events`)
  await events.asked()
  app.draining = true
  const closing = app.close()
  gate.resolve()
  expect((await answer).status).toBe(200)
  await closing
})

test('the routes are documented', async () => {
  const { app } = await gatewayApp({})
  const { paths } = (await app.inject('/openapi.json')).json()
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/events',
      '/events/{id}',
      '/events/{id}/reserve',
      '/reserve/{id}/pay',
      '/health',
    ]),
  )
  expect((await app.inject('/docs')).statusCode).toBe(200)
})
