import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'
import { get } from '../src/http.ts'
import { parseLog } from '../src/log-lines.ts'
import { createShop } from '../src/shop.ts'
import { expectRecovery } from '../src/snapshot.ts'
import type { Component } from '../src/system.ts'

const FIVE: Component[] = ['events', 'gateway', 'payments', 'postgres', 'redis']
/** healthy, with room for a busy machine */
const HEALTHY_MS = 60_000

let project: ComposeProject
let shop: ReturnType<typeof createShop>

beforeAll(async () => {
  project = await createComposeProject()
  await project.compose(['up', '--build', '--detach'])
  shop = createShop(`http://127.0.0.1:${project.port.gateway}`)
})
afterAll(() => project.down())

interface Listed {
  Service: Component
  State: string
  Health: string
  Publishers: { URL: string; PublishedPort: number }[]
}

async function listed(): Promise<Listed[]> {
  const lines = (await project.compose(['ps', '--format', 'json'])).split('\n').filter(Boolean)
  const containers = lines.map((line) => JSON.parse(line) as Listed)
  return containers.sort((a, b) => a.Service.localeCompare(b.Service))
}

const healths = async () => (await listed()).map(({ Service, Health }) => [Service, Health])
const allHealthy = FIVE.map((component) => [component, 'healthy'])

async function state(component: Component | 'migrations', field: string): Promise<string> {
  return (await docker(['inspect', '--format', `{{${field}}}`, project.container(component)])).trim()
}

const startedAt = (components: Component[]) =>
  Promise.all(components.map((component) => state(component, '.State.StartedAt')))

test('five containers run and become healthy', async () => {
  await eventually(healths, allHealthy, HEALTHY_MS)
})

test('the database was brought up to date by a container that is done', async () => {
  expect(await state('migrations', '.State.Status')).toBe('exited')
  expect(await state('migrations', '.State.ExitCode')).toBe('0')
  expect((await shop.list()).json).toHaveLength(5)
})

test('ports are published to this machine only', async () => {
  for (const { Service, Publishers } of await listed()) {
    const published = Publishers.filter(({ PublishedPort }) => PublishedPort !== 0)
    expect(published, Service).toEqual([
      expect.objectContaining({ URL: '127.0.0.1', PublishedPort: project.port[Service] }),
    ])
  }
})

test('health says the same as without containers', async () => {
  expect((await shop.health()).json).toMatchObject({
    status: 'healthy',
    checks: { events: 'ok', payments: 'ok', circuit_payments: 'CLOSED' },
  })
  expect((await shop.health()).json.checks).not.toHaveProperty('notifications')
})

test('commands run in the containers', async () => {
  const run = (...command: string[]) => project.compose(['exec', '-T', ...command])
  expect(await run('events', 'whoami')).toBe('quickticket\n')
  expect(await run('events', 'id', '-u')).toBe('10001\n')
  expect(await run('events', 'cat', '/etc/resolv.conf')).toMatch(/^nameserver 127\.0\.0\.11$/m)
  expect(
    await run(
      'gateway',
      'node',
      '-e',
      'fetch("http://events:8081/livez").then((answer) => console.log(answer.status))',
    ),
  ).toBe('200\n')
  expect(await run('redis', 'redis-cli', 'ping')).toBe('PONG\n')
  expect(await run('postgres', 'psql', '-U', 'quickticket', '-Atc', 'SELECT count(*) FROM events')).toBe(
    '5\n',
  )
})

test('every service writes JSON lines, and one grep follows a request', async () => {
  const { reservation_id } = await shop.reserved(3)
  const paid = await shop.pay(reservation_id)
  const requestId = String(paid.headers['x-request-id'])
  for (const service of ['gateway', 'events', 'payments', 'migrations']) {
    const lines = parseLog(await project.compose(['logs', '--no-log-prefix', '--no-color', service]))
    expect(lines.length).toBeGreaterThan(0)
    for (const { json, text } of lines)
      expect(json, text).toMatchObject({ time: expect.any(String), level: expect.any(String), service })
  }
  const all = parseLog(await project.compose(['logs', '--no-log-prefix', '--no-color']))
  const services = all.filter(({ text }) => text.includes(requestId)).map(({ json }) => json?.service)
  expect(new Set(services)).toEqual(new Set(['gateway', 'events', 'payments']))
})

test.each(FIVE)('%s is killed and comes back: no other container is restarted', async (component) => {
  const others = FIVE.filter((other) => other !== component)
  const before = await startedAt(others)
  await project.compose(['kill', component])
  if (component === 'gateway') await expect(shop.health()).rejects.toThrow()
  else expect((await shop.health()).status).toBe(503)
  await docker(['start', project.container(component)])
  await eventually(
    () =>
      shop
        .health()
        .then(({ status }) => status)
        .catch(() => 0),
    200,
    HEALTHY_MS,
  )
  await expectRecovery(shop, 3)
  await eventually(healths, allHealthy, HEALTHY_MS)
  expect(await startedAt(others)).toEqual(before)
})

test.each(['gateway', 'events', 'payments'] as const)(
  '%s that ends by itself is started again',
  async (service) => {
    const before = await state(service, '.RestartCount')
    await project.compose(['exec', '-T', service, 'sh', '-c', 'kill 1'])
    await eventually(() => state(service, '.RestartCount'), String(Number(before) + 1), HEALTHY_MS)
    await eventually(healths, allHealthy, HEALTHY_MS)
  },
)

test('what is stopped stays stopped until it is started', async () => {
  for (const component of ['payments', 'redis', 'events'] as const) {
    await project.compose(['stop', component])
    expect((await listed()).map(({ Service }) => Service)).not.toContain(component)
    await project.compose(['start', component])
    await eventually(healths, allHealthy, HEALTHY_MS)
  }
  await expectRecovery(shop, 3)
})

test('a variable changes one service and leaves the others alone', async () => {
  const others = FIVE.filter((component) => component !== 'payments')
  const before = await startedAt(others)
  await project.compose(['up', '--detach', 'payments'], {
    PAYMENT_FAILURE_RATE: '0.3',
    PAYMENT_LATENCY_MS: '500',
  })
  const health = () => get<object>(`http://127.0.0.1:${project.port.payments}/health`).catch(() => undefined)
  await eventually(
    async () => (await health())?.json,
    expect.objectContaining({ failure_rate: 0.3, latency_ms: 500 }),
    HEALTHY_MS,
  )
  await project.compose(['up', '--detach', 'payments'])
  await eventually(
    async () => (await health())?.json,
    expect.objectContaining({ failure_rate: 0, latency_ms: 0 }),
    HEALTHY_MS,
  )
  expect(await startedAt(others)).toEqual(before)
})

test('orders outlive the containers', async () => {
  const { reservation_id } = await shop.reserved(1)
  const { json: order } = await shop.pay(reservation_id)
  await project.compose(['down'])
  await project.compose(['up', '--detach'])
  await eventually(healths, allHealthy, HEALTHY_MS)
  expect((await shop.pay(reservation_id)).json).toEqual(order)
})

test('down -v leaves nothing', async () => {
  await project.compose(['down', '-v'])
  expect(await project.remains()).toEqual([])
})
