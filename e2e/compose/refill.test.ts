import { CORE_SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { createShop } from '../src/shop.ts'

let project: ComposeProject
let shop: ReturnType<typeof createShop>

beforeAll(async () => {
  project = await createComposeProject()
  await project.compose(['up', '--detach', '--wait', ...CORE_SERVICES])
  shop = createShop(`http://127.0.0.1:${project.port.gateway}`)
})
afterAll(() => project.down())

const inEvents = (...command: string[]) => project.compose(['exec', '-T', 'events', ...command])

test('from a fresh start the five events have the seats of the labs', async () => {
  const { json } = await shop.list()
  expect(json.map(({ id, available }) => [id, available]).toSorted()).toEqual([
    [1, 100],
    [2, 30],
    [3, 500],
    [4, 25],
    [5, 80],
  ])
})

test('events that load has sold out sell again, and nothing of what was sold is lost', async () => {
  const bought: string[] = []
  for (const quantity of [10, 10, 5]) {
    const { reservation_id } = await shop.reserved(4, quantity)
    expect(await shop.pay(reservation_id)).toMatchObject({ status: 200 })
    bought.push(reservation_id)
  }
  expect(await shop.reserve(4)).toMatchObject({ status: 409 })

  const said = await inEvents('node', 'services/events/src/refill/main.ts')
  expect(said).toContain('event 4  Python Workshop         +25, 25 of 50 seats are free')
  expect((await shop.show(4)).json).toMatchObject({ total_tickets: 50, available: 25 })
  expect((await shop.show(1)).json).toMatchObject({ total_tickets: 100, available: 100 })
  expect(await shop.reserve(4)).toMatchObject({ status: 200 })
  for (const id of bought) expect(await shop.pay(id)).toMatchObject({ status: 200, json: { order_id: id } })
  expect(await inEvents('node', 'services/events/src/audit/main.ts')).toContain('ok: oversold=0')
})
