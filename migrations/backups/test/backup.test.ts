import { once } from 'node:events'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { migrateDown, migrateUp, seed } from '@quickticket/migrations/runner'
import { runProgram } from '@quickticket/testing/service-process'
import { type Database, describeSchema, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { startTraffic } from '@quickticket/testing/traffic'
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { type BackupConfig, loadBackupConfig } from '../src/config.ts'
import { createBackup } from '../src/create.ts'
import { listDumps } from '../src/directory.ts'
import { restoreBackup } from '../src/restore.ts'
import { verifyBackup } from '../src/verify.ts'
import { findPgPrograms } from './pg-programs.ts'

const COMMAND = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const programs = findPgPrograms(inject('postgresUrl'))
if (programs === undefined) console.log('tests: no pg_dump 17 here, so backups are not tested')

describe.skipIf(programs === undefined)('backups (pg_dump 17)', () => {
  let database: Database
  let directory: string
  let config: BackupConfig
  const environment = () => ({
    ...database.variables,
    BACKUP_DIR: directory,
    PG_BIN: programs as string,
    BACKUP_KEEP: '2',
  })

  beforeEach(async () => {
    database = await emptyDatabase()
    directory = mkdtempSync(join(tmpdir(), 'quickticket-backups-'))
    config = loadBackupConfig(environment())
    await migrateUp(database.client, quiet)
    await seed(database.client)
    await order('a')
  })
  afterEach(async () => {
    await database.drop()
    rmSync(directory, { recursive: true })
  })

  const order = (id: string) =>
    database.client.query(
      `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, 1, 2, 100, 'PAY-1')`,
      [id],
    )
  const backup = () => createBackup(config, quiet)
  const orders = async (client = database.client) =>
    (await client.query<{ id: string }>('SELECT id FROM orders ORDER BY id')).rows.map(({ id }) => id)
  /** Runs the command as a process, and returns its exit code and the message of its last line. */
  async function run(args: string[], variables = {}): Promise<[number | null, string | undefined]> {
    const program = runProgram([COMMAND, ...args], { ...environment(), ...variables })
    return [await program.exited, program.logs.lines().at(-1)?.msg]
  }
  const files = () => readdirSync(directory).filter((file) => file !== '.manifests')

  describe('a dump', () => {
    test('has its name, is verified, and brings everything back into an empty database', async () => {
      const { file, rows } = await backup()
      expect(file).toMatch(/\/quickticket_\d{8}T\d{6}Z\.dump$/)
      expect(rows).toMatchObject({ events: 5, orders: 1, checkouts: 0 })
      expect(await verifyBackup(config, quiet, file)).toMatchObject({ compared: true, rows })

      const other = await emptyDatabase()
      const target = { ...config, DB_NAME: other.variables.DB_NAME as string }
      expect(await restoreBackup(target, quiet, file)).toMatchObject({ rows, replaced: undefined })
      expect(await describeSchema(other.client)).toEqual(await describeSchema(database.client))
      expect(await orders(other.client)).toEqual(['a'])
      expect(await migrateUp(other.client, quiet)).toEqual([])
      await other.drop()
    })

    test('that is made while people buy is one state of the database', async () => {
      await database.client.query('UPDATE events SET total_tickets = 1000000')
      const traffic = await startTraffic(database, 4)
      await traffic.more(50)
      const { file } = await backup()
      await traffic.more(50)
      const { errors, orders: bought } = await traffic.stop()
      expect(errors).toEqual([])
      const { rows } = await verifyBackup(config, quiet, file)
      expect(rows.orders).toBeGreaterThan(50)
      expect(rows.orders).toBeLessThan(bought)
    })

    test('of a database whose orders are gone is none, and pushes no older one out', async () => {
      await backup()
      await backup()
      const before = await listDumps(directory)
      await database.client.query('DROP TABLE orders CASCADE')
      await expect(backup()).rejects.toThrow('has no data of orders')
      expect(await listDumps(directory)).toEqual(before)
      expect(files()).toEqual(before.toSorted())
    })

    test('that fails in the middle leaves nothing', async () => {
      const holder = await database.connect()
      await holder.query('BEGIN; LOCK TABLE orders')
      const failing = expect(backup()).rejects.toThrow('pg_dump ended with 1')
      await endWaitingDump()
      await holder.query('COMMIT')
      await failing
      expect(files()).toEqual([])
    })

    test('that is killed in the middle has no name, and goes with the next one', async () => {
      const { file } = await backup()
      const holder = await database.connect()
      await holder.query('BEGIN; LOCK TABLE orders')
      const killed = runProgram([COMMAND, 'backup'], environment())
      await endWaitingDump(() => killed.kill('SIGKILL'))
      await killed.exited
      await holder.query('COMMIT')
      const partial = files().filter((name) => name.endsWith('.partial'))
      expect(partial).toHaveLength(1)
      expect((await listDumps(directory)).map((name) => join(directory, name))).toEqual([file])

      await backup()
      expect(files()).not.toEqual(expect.arrayContaining(partial))
    })

    test('that comes before the migrations waits for them', async () => {
      const empty = await emptyDatabase()
      const target = { ...config, DB_NAME: empty.variables.DB_NAME as string }
      const made = createBackup(target, quiet)
      await migrateUp(empty.client, quiet)
      expect((await made).rows).toMatchObject({ events: 0, orders: 0 })
      await empty.drop()
    })

    test('of a database that stays empty is none', async () => {
      const empty = await emptyDatabase()
      const target = { ...config, DB_NAME: empty.variables.DB_NAME as string }
      const waiting = { waitMs: 20, pauseMs: 1 }
      await expect(createBackup(target, quiet, waiting)).rejects.toThrow('has no data of events and orders')
      expect(files()).toEqual([])
      await empty.drop()
    })

    /** Waits until a pg_dump stands before a lock, and ends it there. */
    async function endWaitingDump(first = () => {}): Promise<void> {
      await expect
        .poll(
          async () => {
            const { rows } = await database.client.query<{ pid: number }>(
              `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
               AND query LIKE 'LOCK TABLE%'`,
            )
            if (rows[0]) {
              first()
              await database.client.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
            }
            return rows.length
          },
          { timeout: 20_000 },
        )
        .toBe(1)
    }
  })

  test('seven of them leave the newest five', async () => {
    config = { ...config, BACKUP_KEEP: 5 }
    const made: string[] = []
    for (let run = 0; run < 7; run++) made.push((await backup()).file)
    expect((await listDumps(directory)).map((file) => join(directory, file))).toEqual(
      made.slice(-5).toReversed(),
    )
    expect(readdirSync(join(directory, '.manifests'))).toHaveLength(5)
  })

  describe('verification refuses a dump', () => {
    let file: string
    beforeEach(async () => {
      file = (await backup()).file
    })

    test('that was truncated', async () => {
      truncateSync(file, readFileSync(file).length - 2000)
      await expect(verifyBackup(config, quiet, file)).rejects.toThrow('cannot be read')
      await expect(restoreBackup(config, quiet, file, { force: true })).rejects.toThrow('cannot be read')
      expect(await orders()).toEqual(['a'])
    })

    test('in which bits have changed', async () => {
      const bytes = readFileSync(file)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      writeFileSync(file, bytes)
      await expect(verifyBackup(config, quiet, file)).rejects.toThrow()
    })

    test.each([
      [
        'another content',
        `"orders": {`,
        `"orders": {\n "hash": "0", `,
        'rows of orders are not what they were',
      ],
      ['another number of rows', `"rows": 5`, `"rows": 6`, 'events has 5 rows instead of 6'],
      ['an index more', `"schema": [`, `"schema": ["CREATE INDEX lost",`, 'missing: CREATE INDEX lost'],
    ])('that should have %s', async (_what, from, to, message) => {
      const manifest = join(directory, '.manifests', `${file.slice(directory.length + 1)}.json`)
      const text = readFileSync(manifest, 'utf8').replace(
        /"orders": \{\s+"rows": 1,\s+"hash": "[^"]+"/,
        (found) => (from === '"orders": {' ? '"orders": { "rows": 1, "hash": "0"' : found),
      )
      writeFileSync(manifest, from === '"orders": {' ? text : text.replace(from, to))
      await expect(verifyBackup(config, quiet, file)).rejects.toThrow(message)
    })

    test('in which the auditor finds something', async () => {
      await database.client.query(
        `ALTER TABLE orders DISABLE TRIGGER ALL; DELETE FROM orders; ALTER TABLE orders ENABLE TRIGGER ALL`,
      )
      const bad = await backup()
      await expect(verifyBackup(config, quiet, bad.file)).rejects.toThrow(
        'oversold: event 1, counts 2 seats as sold, its orders have 0',
      )
    })
  })

  test('a dump of another program is restored and audited, and compared with nothing', async () => {
    const { file } = await backup()
    const foreign = join(directory, 'theirs.dump')
    copyFileSync(file, foreign)
    expect(await verifyBackup(config, quiet, foreign)).toMatchObject({ compared: false, rows: { orders: 1 } })
  })

  test('no scratch database is left behind, nor one that a killed verification has left', async () => {
    const { file } = await backup()
    await database.client.query(`CREATE DATABASE ${config.DB_NAME}_verify_0123abcd`)
    await verifyBackup(config, quiet, file)
    const { rows } = await database.client.query('SELECT FROM pg_database WHERE datname LIKE $1', [
      `${config.DB_NAME}_%`,
    ])
    expect(rows).toEqual([])
  })

  describe('restoring into a database that has tables', () => {
    test('is refused, and nothing changes', async () => {
      const { file } = await backup()
      await order('b')
      await expect(restoreBackup(config, quiet, file)).rejects.toThrow(
        'has tables already (checkouts, events, orders',
      )
      expect(await orders()).toEqual(['a', 'b'])
    })

    test('replaces it with --force, also when its schema is a newer one, and keeps what there was', async () => {
      await migrateDown(database.client, quiet, 2)
      const { file } = await backup()
      await migrateUp(database.client, quiet)
      await order('b')
      database.client.on('error', () => undefined)
      const { replaced } = await restoreBackup(config, quiet, file, { force: true })

      const [after, before] = [await database.connect(), await database.connect(replaced)]
      expect(await orders(after)).toEqual(['a'])
      expect(await orders(before)).toEqual(['a', 'b'])
      expect(await migrateUp(after, quiet)).toEqual(['0004_event-email', '0005_event-date-index'])
      await before.end()
      await after.query(`DROP DATABASE ${replaced} WITH (FORCE)`)
    })
  })

  describe('the command', () => {
    const sample = (name: string) =>
      Number(
        new RegExp(`^quickticket_backup_${name} (.+)$`, 'm').exec(
          readFileSync(join(directory, 'quickticket_backup.prom'), 'utf8'),
        )?.[1],
      )

    test('makes and verifies a dump, and says so in metrics', async () => {
      const startedAt = Date.now() / 1000
      expect(await run(['backup'])).toEqual([
        0,
        expect.stringMatching(/^quickticket_\S+\.dump: \d+ bytes in \d+ ms$/),
      ])
      expect(sample('last_success_timestamp_seconds')).toBeGreaterThan(startedAt - 1)
      expect(sample('size_bytes')).toBe(
        readFileSync(join(directory, (await listDumps(directory))[0] as string)).length,
      )
      expect(sample('duration_seconds')).toBeGreaterThan(0)
      expect(sample('last_verified_timestamp_seconds')).toBeNaN()
      expect(await run(['verify'])).toEqual([0, expect.stringContaining('restored, compared and audited')])
      expect(sample('last_verified_timestamp_seconds')).toBe(sample('last_success_timestamp_seconds'))
    })

    // twenty programs, one after the other
    test('keeps the newest good dump while newer ones turn out to be bad', { timeout: 120_000 }, async () => {
      const good = (await backup()).file
      expect((await run(['verify']))[0]).toBe(0)
      await database.client.query('UPDATE events SET sold = 3 WHERE id = 1')
      expect(await run(['backup', '--verify'])).toEqual([1, expect.stringContaining('oversold: event 1')])
      for (let later = 0; later < 3; later++) await run(['backup'], { BACKUP_KEEP: '3' })
      const kept = async () => (await listDumps(directory)).map((name) => join(directory, name))
      expect(await kept()).toHaveLength(3)
      expect((await kept()).at(-1)).toBe(good)

      await database.client.query('UPDATE events SET sold = 2 WHERE id = 1')
      expect((await run(['backup', '--verify'], { BACKUP_KEEP: '3' }))[0]).toBe(0)
      await run(['backup'], { BACKUP_KEEP: '3' })
      expect(await kept()).toHaveLength(3)
      expect(await kept()).not.toContain(good)
    })

    test('fails with one line and remembers when', async () => {
      expect(await run(['verify'])).toEqual([1, `there is no dump in ${directory}`])
      expect(sample('last_failure_timestamp_seconds')).toBeGreaterThan(0)
      expect(await run(['backup'], { PG_BIN: '/nowhere' })).toEqual([
        1,
        expect.stringMatching(/^pg_dump is not here: use/),
      ])
      expect(await run(['restore', 'nothing.dump'])).toEqual([1, expect.stringContaining('there is no dump')])
      expect((await run(['backup', '--force']))[0]).toBe(2)
      expect((await run(['sideways']))[0]).toBe(2)
    })

    test('sends its metrics to an OTLP receiver, and does without one that is away', async () => {
      const received: unknown[] = []
      const receiver = createServer(async (request, response) => {
        received.push([request.url, await json(request)])
        response.end()
      }).listen(0, '127.0.0.1')
      await once(receiver, 'listening')
      onTestFinished(() => void receiver.close())
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/v1/otlp/v1/metrics`
      expect((await run(['backup'], { BACKUP_METRICS_URL: url }))[0]).toBe(0)
      expect(received).toEqual([['/api/v1/otlp/v1/metrics', { resourceMetrics: [expect.anything()] }]])
      expect(JSON.stringify(received)).toContain(
        `{"timeUnixNano":"${/timeUnixNano":"(\d+)/.exec(JSON.stringify(received))?.[1]}","asDouble":${sample('size_bytes')}}`,
      )
      expect((await run(['backup'], { BACKUP_METRICS_URL: 'http://127.0.0.1:1/' }))[0]).toBe(0)
    })
  })
})
