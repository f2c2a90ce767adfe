import { SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { type ObservedSystem, startObservedSystem } from '../src/observed-system.ts'
import { createShop } from '../src/shop.ts'

/** What monitoring/loki/rules says in LogQL, in the language of the log store that is here in Loki's place. */
const ERRORS_BY_MESSAGE = `{level="ERROR", service=~"gateway|events|payments|notifications"}
  | unpack_json fields (msg, method, route)
  | format "<msg>" as message
  | format if (route:*) "<method> <route>" as message
  | stats by (service, message) count() as lines`

let system: ObservedSystem
beforeAll(async () => {
  system = await startObservedSystem({ PAYMENT_FAILURE_RATE: '1', OTEL_SDK_DISABLED: 'true' })
})
afterAll(() => system?.close())

test('the log store has as many errors of each service as its metric counts, and no id in their messages', async () => {
  const { project } = system
  const shop = createShop(`http://127.0.0.1:${project.port.gateway}`)
  for (const event of [1, 2]) {
    const { json } = await shop.reserve(event)
    expect((await shop.pay(json.reservation_id)).status).toBe(500)
  }
  await project.compose(['stop', 'postgres'])
  for (const event of [1, 2, 3]) expect((await shop.show(event)).status).toBeGreaterThanOrEqual(500)
  await project.compose(['up', '--no-build', '--detach', '--wait', 'postgres', 'events'])

  const none = SERVICES.map((service) => [service, 0])
  await eventually(missingLines, none, 30_000)
  const messages = (await system.logs(ERRORS_BY_MESSAGE)).map(
    ({ service, message }) => `${service}: ${message}`,
  )
  expect(messages).toEqual(
    expect.arrayContaining([
      'payments: Payment processing failed',
      'payments: POST /charge',
      'gateway: POST /reserve/{id}/pay',
      'gateway: GET /events/{id}',
      'events: GET /events/{id}',
    ]),
  )
  expect(messages.filter((message) => /\d/.test(message))).toEqual([])
})

/** Asks both at once, because a job in the background may still write. */
async function missingLines(): Promise<[string, number][]> {
  const [stored, ...counted] = await Promise.all([
    system.logs(ERRORS_BY_MESSAGE),
    ...SERVICES.map(countedErrors),
  ])
  return SERVICES.map((service, index) => {
    const found = stored.filter((one) => one.service === service)
    return [service, (counted[index] as number) - found.reduce((sum, { lines }) => sum + Number(lines), 0)]
  })
}

async function countedErrors(service: (typeof SERVICES)[number]): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${system.project.port[service]}/metrics`)
  const counter = new RegExp(`^${service}_log_lines_total\\{level="ERROR"\\} (\\d+)$`, 'm')
  return Number(counter.exec(await answer.text())?.[1])
}
