import { createBaseBackup } from '@quickticket/backups/pitr/base-backup'
import type { Compose } from '@quickticket/backups/pitr/compose'
import { restoreAt } from '@quickticket/backups/pitr/restore-at'
import { CORE_SERVICES } from '@quickticket/contract/services'
import { createLogTo } from '@quickticket/kit/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'
import { createShop } from '../src/shop.ts'
import { expectRecovery } from '../src/snapshot.ts'

const RECOVERED_MS = 30_000
const log = createLogTo({ write: () => undefined }, 'test', 'silent')

let project: ComposeProject
let shop: ReturnType<typeof createShop>
let compose: Compose

beforeAll(async () => {
  project = await createComposeProject({}, ['docker-compose.pitr.yaml'])
  compose = (args, input = '') => project.compose(args, {}, input)
  await project.compose(['up', '--detach', '--wait', ...CORE_SERVICES])
  shop = createShop(`http://127.0.0.1:${project.port.gateway}`)
})
afterAll(() => project.down())

const sql = async (query: string) =>
  (
    await compose(['exec', '-T', 'postgres', 'psql', '-U', 'quickticket', '-d', 'quickticket', '-Atc', query])
  ).trim()
const now = async () =>
  new Date(await sql(`SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MSZ')`))
const list = async () => (await shop.list()).status

async function bought(): Promise<string> {
  const { reservation_id } = await shop.reserved(3)
  expect(await shop.pay(reservation_id)).toMatchObject({ status: 200 })
  return reservation_id
}

test('without a copy of the files there is no way back', async () => {
  await eventually(list, 200, RECOVERED_MS)
  await expect(restoreAt(compose, log, undefined)).rejects.toThrow('npm run backup -- --base makes one')
  expect(await list()).toBe(200)
})

test('the moment before orders was dropped comes back, and what came after it does not', async () => {
  const before = await bought()
  const base = await createBaseBackup(compose, 1)
  const kept = await bought()
  // moments are told in milliseconds: one to itself, between what is kept and what is not
  await sql('SELECT pg_sleep(0.01)')
  const moment = await now()
  await sql('SELECT pg_sleep(0.01)')
  const undone = await bought()
  await sql('DROP TABLE orders CASCADE')
  expect(await list()).toBeGreaterThanOrEqual(500)
  const events = await docker(['inspect', '--format', '{{.State.StartedAt}}', project.container('events')])

  await expect(restoreAt(compose, log, new Date(base.completeAt.getTime() - 1))).rejects.toThrow(
    `the oldest moment that can be reached is ${base.completeAt.toISOString()}`,
  )
  await restoreAt(compose, log, moment)
  await eventually(list, 200, RECOVERED_MS)
  const orders = (await sql('SELECT id FROM orders')).split('\n')
  expect(orders.toSorted()).toEqual([before, kept].toSorted())
  expect(orders).not.toContain(undone)
  await expectRecovery(shop, 3)
  expect(await docker(['inspect', '--format', '{{.State.StartedAt}}', project.container('events')])).toBe(
    events,
  )
})

test('a database that is lost with its volume comes back with every change that was archived', async () => {
  await createBaseBackup(compose, 1)
  const id = await bought()
  const file = await sql('SELECT pg_walfile_name(pg_switch_wal())')
  await eventually(
    async () => (await sql('SELECT last_archived_wal FROM pg_stat_archiver')) >= file,
    true,
    RECOVERED_MS,
  )
  await docker(['rm', '--force', '--volumes', project.container('postgres')])
  await docker(['volume', 'rm', `${project.name}_postgres-data`])
  expect(await list()).toBeGreaterThanOrEqual(500)

  await restoreAt(compose, log, undefined)
  await eventually(list, 200, RECOVERED_MS)
  expect((await shop.pay(id)).json).toMatchObject({ order_id: id, status: 'confirmed' })
  await expectRecovery(shop, 3)
})
