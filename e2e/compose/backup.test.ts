import { CORE_SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'
import { createShop } from '../src/shop.ts'
import { expectRecovery } from '../src/snapshot.ts'

const RECOVERED_MS = 30_000

let project: ComposeProject
let shop: ReturnType<typeof createShop>

beforeAll(async () => {
  project = await createComposeProject()
  await project.compose(['build', 'backup'])
  await project.compose(['up', '--detach', '--wait', ...CORE_SERVICES])
  shop = createShop(`http://127.0.0.1:${project.port.gateway}`)
})
afterAll(() => project.down())

const sql = (query: string) =>
  project.compose(['exec', '-T', 'postgres', 'psql', '-U', 'quickticket', '-d', 'quickticket', '-Atc', query])
const backup = (...args: string[]) => project.compose(['run', '--rm', '-T', '--no-deps', 'backup', ...args])
const inBackup = (script: string) =>
  project.compose(['run', '--rm', '-T', '--no-deps', '--entrypoint', 'sh', 'backup', '-c', script])
const dumps = async () => (await inBackup('ls /backups')).split('\n').filter((file) => file.endsWith('.dump'))
const startedAt = async () =>
  docker(['inspect', '--format', '{{.State.StartedAt}}', project.container('events')])
const list = async () => (await shop.list()).status

async function bought(): Promise<string> {
  const { reservation_id } = await shop.reserved(3)
  expect(await shop.pay(reservation_id)).toMatchObject({ status: 200 })
  return reservation_id
}

test('orders dropped with CASCADE: the API breaks, pg_restore --clean repairs it, and events is not restarted', async () => {
  await eventually(async () => (await shop.health()).status, 200, RECOVERED_MS)
  const id = await bought()
  const archive = '/tmp/quickticket.dump'
  const inPostgres = (command: string) => project.compose(['exec', '-T', 'postgres', 'sh', '-c', command])
  await inPostgres(`pg_dump -U quickticket -Fc quickticket > ${archive}`)
  const before = await startedAt()
  const triggers = `SELECT string_agg(tgname, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal`
  const guards = await sql(triggers)

  await sql('DROP TABLE orders CASCADE')
  expect(await list()).toBeGreaterThanOrEqual(500)
  expect((await shop.reserve(3)).status).toBeGreaterThanOrEqual(500)
  expect((await shop.pay(id)).status).toBeGreaterThanOrEqual(500)

  await inPostgres(`pg_restore -U quickticket -d quickticket --clean --if-exists ${archive}`)
  await eventually(list, 200, RECOVERED_MS)
  expect(await sql(triggers)).toBe(guards)
  expect((await shop.pay(id)).json).toMatchObject({ order_id: id, status: 'confirmed' })
  await expectRecovery(shop, 3)
  expect(await startedAt()).toBe(before)
})

test('seven backups leave the newest five, verified ones', async () => {
  for (let run = 0; run < 7; run++) await backup()
  expect(await dumps()).toHaveLength(5)
  expect(await backup('verify')).toContain('restored, compared and audited')
  expect(await inBackup('cat /backups/quickticket_backup.prom')).toMatch(
    /^quickticket_backup_last_verified_timestamp_seconds \d+/m,
  )
})

test('a database that is lost with its volume comes back from a dump, at another address, and is picked up', async () => {
  const id = await bought()
  await backup()
  const lost = await bought()
  const before = await startedAt()
  await project.compose(['kill', 'postgres'])
  await project.compose(['rm', '--force', 'postgres'])
  await docker(['volume', 'rm', `${project.name}_postgres-data`])
  expect(await list()).toBeGreaterThanOrEqual(500)

  await project.compose(['up', '--detach', '--wait', 'postgres'])
  expect(await backup('restore', 'latest')).toContain('restored quickticket_')
  await eventually(list, 200, RECOVERED_MS)
  expect((await shop.pay(id)).json).toMatchObject({ order_id: id, status: 'confirmed' })
  expect(await sql(`SELECT count(*) FROM orders WHERE id = '${lost}'`)).toBe('0\n')
  await expectRecovery(shop, 3)
  expect(await startedAt()).toBe(before)
})

test('a database that serves is replaced while it serves', async () => {
  await backup()
  const id = await bought()
  const { code, stdout } = await project.tryCompose([
    'run',
    '--rm',
    '-T',
    '--no-deps',
    'backup',
    'restore',
    'latest',
  ])
  expect([code, stdout]).toEqual([1, expect.stringContaining('--force replaces it')])
  await backup('restore', 'latest', '--force')
  await eventually(list, 200, RECOVERED_MS)
  expect(await sql(`SELECT count(*) FROM orders WHERE id = '${id}'`)).toBe('0\n')
  await expectRecovery(shop, 3)
})
