import { SERVICES } from '@quickticket/contract/services'
import { type AllServices, openAllServices, pathOf } from '@quickticket/testing/all-services'
import { addEvent } from '@quickticket/testing/stores'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const TOKEN = 'token-of-these-tests'
const OLD_TOKEN = 'token-of-yesterday'
const BEHIND = SERVICES.filter((service) => service !== 'gateway')
/** For kubelets, Prometheus and people who look. */
const OPEN = /^\/(livez|readyz|health|metrics|version|docs|openapi\.json)(\/|$)/

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('with SERVICE_TOKEN', () => {
  let all: AllServices
  beforeAll(async () => {
    all = await openAllServices({ SERVICE_TOKEN: `${TOKEN},${OLD_TOKEN}`, FAULT_ADMIN_TOKEN: 'for faults' })
  })
  afterAll(() => all.close())

  test.each(BEHIND)(
    'every route of %s but the operational ones is for those who have it',
    async (service) => {
      const app = all.apps[service]
      const closed = app.knownRoutes
        .all()
        .filter(({ template }) => !OPEN.test(template) && template !== '/faults')
      expect(closed.length).toBeGreaterThan(0)
      for (const { template, methods } of [...closed, { template: '/nowhere', methods: ['GET'] }]) {
        for (const method of methods) {
          const ask = (headers: Record<string, string>) =>
            app.inject({ method: method as 'GET', url: pathOf(template), headers })
          for (const headers of [
            {},
            bearer('token-of-somebody'),
            bearer(`${TOKEN}x`),
            { authorization: TOKEN },
          ]) {
            const answer = await ask(headers)
            expect({ method, template, status: answer.statusCode }).toMatchObject({ status: 401 })
            expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="service"/)
            expect(answer.payload).not.toContain(TOKEN)
          }
          for (const token of [TOKEN, OLD_TOKEN]) expect((await ask(bearer(token))).statusCode).not.toBe(401)
        }
      }
    },
  )

  test.each(BEHIND)('operational routes of %s are open', async (service) => {
    const app = all.apps[service]
    const open = app.knownRoutes.all().filter(({ template }) => OPEN.test(template))
    expect(open.length).toBeGreaterThan(6)
    for (const { template } of open) expect((await app.inject(pathOf(template))).statusCode).not.toBe(401)
    // /faults has a token of its own
    for (const [token, status] of [
      ['for faults', 200],
      [TOKEN, 401],
    ] as const) {
      expect((await app.inject({ url: '/faults', headers: bearer(token) })).statusCode).toBe(status)
    }
  })

  test('a buyer needs none: the gateway shows it, and events shows it to payments', async () => {
    const { gateway, payments } = all.apps
    const event = await addEvent(all.pool, 5)
    expect((await gateway.inject('/events')).statusCode).toBe(200)
    const reserved = await gateway.inject({ method: 'POST', url: `/events/${event}/reserve`, payload: {} })
    const url = `/reserve/${reserved.json().reservation_id}`
    const paid = await gateway.inject({ method: 'POST', url: `${url}/pay`, headers: bearer('of-a-buyer') })
    expect(paid.json()).toMatchObject({ status: 'confirmed' })
    expect((await gateway.inject('/health')).json()).toMatchObject({
      status: 'healthy',
      checks: { events: 'ok', payments: 'ok', notifications: 'ok' },
    })
    expect((await payments.inject('/metrics')).payload).toContain(
      'payments_charges_total{result="success"} 1\n',
    )
  })
})

describe.each([
  ['no token', {}],
  ['another token', { SERVICE_TOKEN: 'token-of-another-system' }],
])('a gateway with %s', (_what, gatewayEnv) => {
  test('is a bad gateway, and says so in its health', async () => {
    const all = await openAllServices({ SERVICE_TOKEN: TOKEN }, gatewayEnv)
    const { gateway } = all.apps
    for (const [method, url] of [
      ['GET', '/events'],
      ['POST', '/events/1/reserve'],
      ['POST', '/reserve/r-1/pay'],
    ] as const) {
      const answer = await gateway.inject({ method, url, ...(method === 'POST' && { payload: {} }) })
      expect(answer.statusCode).toBe(502)
      expect(answer.json()).toMatchObject({ error: 'events_unavailable' })
      expect(answer.headers).not.toHaveProperty('www-authenticate')
    }
    const health = await gateway.inject('/health')
    expect(health.statusCode).toBe(503)
    expect(health.json().checks).toMatchObject({
      events: 'degraded',
      payments: 'degraded',
      notifications: 'degraded',
    })
    await all.close()
  })
})
