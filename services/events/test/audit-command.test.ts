import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { databaseVariables } from '@quickticket/testing/events-app'
import { addEvent, freshPostgres, noRedis } from '@quickticket/testing/stores'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { planter } from './planted.ts'

const COMMAND = fileURLToPath(new URL('../src/audit/main.ts', import.meta.url))
const CLEAN =
  'oversold=0 double_charge=0 charged_no_order=0 order_no_charge=0 leaked_hold=0 stuck_checkout=0 confirmed_late=0'

let database: Awaited<ReturnType<typeof freshPostgres>>
let variables: Record<string, string>
let paid: string
let ledger: string
beforeAll(async () => {
  database = await freshPostgres()
  variables = { ...(await databaseVariables(database.pool)), HOLD_STORE: 'memory' }
  paid = await planter(database.pool).sale(await addEvent(database.pool, 10))
  const entry = { ledger: 'charge', time: '2026-01-01T00:00:00Z', payment_ref: 'PAY-AAAAAAAA', amount: 1000 }
  ledger = JSON.stringify({ ...entry, reservation_id: paid })
})
afterAll(() => database.drop())

async function run(args: string[] = [], env: Record<string, string> = {}, input = '') {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env.PATH, ...variables, ...env },
  })
  child.stdin.end(input)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { lines: stdout.trim().split('\n'), stderr, code }
}

function fileWith(content: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'payments.log')
  writeFileSync(file, content)
  return file
}

describe.concurrent('npm run audit', () => {
  test('a shop that works is ok, and what could not be seen is named', async () => {
    expect(await run()).toEqual({
      code: 0,
      stderr: '',
      lines: [
        'left out: holds (they are in the events process)',
        'left out: money (pass the payments log with --ledger)',
        `ok: ${CLEAN}`,
      ],
    })
  })

  test('--json is the same as an object', async () => {
    const { code, lines } = await run(['--json', '--ledger', fileWith(ledger.replace(paid, 'unknown-id'))])
    expect(code).toBe(1)
    const { ok, counts, violations, left_out } = JSON.parse(lines.join(''))
    expect({ ok, charged: counts.charged_no_order }).toEqual({ ok: false, charged: 1 })
    expect(violations).toContainEqual(
      expect.objectContaining({ kind: 'charged_no_order', subject: 'unknown-id' }),
    )
    expect(left_out).toEqual(['holds (they are in the events process)'])
  })

  test('the ledger is read from files and from standard input', async () => {
    const result = await run(['--ledger', fileWith('not a ledger line\n'), '-'], {}, `${ledger}\n`)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.lines).not.toContainEqual(expect.stringContaining('money'))
    expect(result.lines.at(-1)).toBe(`ok: ${CLEAN}`)
  })

  test('each violation is a line, their numbers the last one, and the exit code is 1', async () => {
    const charged = ledger.replace(paid, 'unknown-id')
    const { code, lines } = await run(['--ledger', fileWith(`${ledger}\n${charged}\n`)])
    expect(code).toBe(1)
    expect(lines[0]).toBe('charged_no_order  unknown-id  PAY-AAAAAAAA stands without an order')
    expect(lines.at(-1)).toBe(`VIOLATED: ${CLEAN.replace('charged_no_order=0', 'charged_no_order=1')}`)
  })

  test.skipIf(noRedis)('holds are read from Redis', async () => {
    const url = new URL(inject('redisUrl'))
    const redis = new Redis(inject('redisUrl'))
    const env = { HOLD_STORE: 'redis', REDIS_HOST: url.hostname, REDIS_PORT: url.port }
    await redis.set('event:987654:held', 3)
    const { code, lines } = await run([], env)
    await redis.del('event:987654:held')
    redis.disconnect()
    expect(code).toBe(1)
    expect(lines).toContain('leaked_hold  event 987654  counts 3 seats as held, its reservations have 0')
    expect(lines).not.toContainEqual(expect.stringContaining('left out: holds'))
  })

  test('it exits with 2 when Redis takes the connection, and then answers no more', async () => {
    const silent = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        const commands = String(data).match(/^\*\d+\r$/gm)?.length ?? 0
        if (!String(data).includes('quickticket:nothing')) socket.write('+OK\r\n'.repeat(commands))
      })
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const { code, stderr } = await run([], { HOLD_STORE: 'redis', REDIS_PORT: String(port) })
    silent.close()
    expect(code).toBe(2)
    expect(stderr).toMatch(/^the audit was not possible: /)
  })

  test.each([
    ['PostgreSQL is not there', [], { DB_HOST: '127.0.0.1', DB_PORT: '1' }, /^the audit was not possible: /],
    [
      'PostgreSQL has other tables',
      [],
      { DB_NAME: 'postgres' },
      /\(postgres\): it has no tables of QuickTicket$/m,
    ],
    ['Redis is not there', [], { HOLD_STORE: 'redis', REDIS_PORT: '1' }, /^the audit was not possible: /],
    [
      'the ledger is not there',
      ['--ledger', '/nowhere/payments.log'],
      {},
      /^the audit was not possible: .*ENOENT/,
    ],
    ['a variable is malformed', [], { DB_PORT: 'x' }, /^bad configuration: DB_PORT="x"/],
    ['an option is unknown', ['--leger', 'x'], {}, /--leger/],
    ['a file is named without --ledger', ['payments.log'], {}, /unexpected payments\.log/],
  ])('it exits with 2 when %s', async (_why, args, env, said) => {
    const { code, stderr, lines } = await run(args, env)
    expect(code).toBe(2)
    expect(stderr).toMatch(said)
    expect(lines).toEqual([''])
  })

  test('--help says how it is used', async () => {
    const { code, lines } = await run(['--help'])
    expect(code).toBe(0)
    expect(lines[0]).toBe('npm run audit [-- --ledger FILE…] [--json]')
  })
})
