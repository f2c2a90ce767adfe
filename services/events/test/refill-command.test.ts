import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { migrateUp, seed } from '@quickticket/migrations/runner'
import { databaseVariables } from '@quickticket/testing/events-app'
import { freshPostgres, noRedis, quiet } from '@quickticket/testing/stores'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { planter } from './planted.ts'

const COMMAND = fileURLToPath(new URL('../src/refill/main.ts', import.meta.url))

/** empty at first: without a single table */
let database: Awaited<ReturnType<typeof freshPostgres>>
let variables: Record<string, string>
beforeAll(async () => {
  database = await freshPostgres(async () => undefined)
  const url = new URL(inject('redisUrl') || 'redis://127.0.0.1:6379')
  const redis = { REDIS_HOST: url.hostname, REDIS_PORT: url.port }
  variables = {
    ...(await databaseVariables(database.pool)),
    ...(noRedis ? { HOLD_STORE: 'memory' } : redis),
  }
})
afterAll(() => database.drop())

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env.PATH, ...variables, ...env },
  })
}

async function run(args: string[], env: Record<string, string> = {}) {
  const child = start(args, env)
  const exited = once(child, 'exit')
  const [stdout, stderr] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ])
  return { code: (await exited)[0], lines: stdout.trim().split('\n'), stderr }
}

async function migrateAndSeed(): Promise<void> {
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${variables.DB_NAME}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await migrateUp(client, quiet)
  await seed(client)
  await client.end()
}

test('with --every it waits for tables and events, refills halls of which less than half is left, and SIGTERM ends it', async () => {
  const child = start(['--every', '1', '--seats', '40'])
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value ?? '{}')

  expect(await next()).toMatchObject({ level: 'WARNING', msg: 'refill was not possible' })
  await migrateAndSeed()
  // 25 seats are more than half of 40, 19 are less
  await planter(database.pool).order(4, { quantity: 6 })
  let line = await next()
  while (line.level === 'WARNING') line = await next()
  expect(line).toMatchObject({ msg: 'hall refilled', event_id: 4, added: 21, free: 40, total: 46 })
  child.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
})

test('it says for each event what it did', async () => {
  await planter(database.pool).order(2, { quantity: 10 })
  expect(await run([])).toMatchObject({
    code: 0,
    stderr: '',
    lines: [
      'event 1  Go Conference 2026      +0, 100 of 100 seats are free',
      'event 2  SRE Meetup              +10, 30 of 40 seats are free',
      'event 3  Cloud Native Summit     +0, 500 of 500 seats are free',
      expect.stringMatching(/^event 4 {2}Python Workshop/),
      'event 5  Kubernetes Deep Dive    +0, 80 of 80 seats are free',
    ],
  })
  const { lines } = await run(['--seats', '200'])
  expect(lines[0]).toBe('event 1  Go Conference 2026      +100, 200 of 200 seats are free')
})

test.each([
  ['PostgreSQL is not there', [], { DB_PORT: '1' }, /^the refill was not possible: .+/],
  [
    'Redis is not there',
    [],
    { HOLD_STORE: 'redis', REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' },
    /^the refill was not possible: .+/,
  ],
  ['a number is none', ['--seats', '-5'], {}, /--seats/],
  ['a time is none', ['--every', '0'], {}, /--every is "0"; it has to be a whole number from 1 to 3600/],
  ['an option is unknown', ['--seat', '5'], {}, /--seat/],
])('it exits with 2 when %s', async (_why, args, env, said) => {
  const { code, stderr, lines } = await run(args, env)
  expect([code, lines]).toEqual([2, ['']])
  expect(stderr).toMatch(said)
})

test('--help says how it is used', async () => {
  const { code, lines } = await run(['--help'])
  expect([code, lines[0]]).toEqual([0, 'npm run refill [-- --seats N] [--every S] [--json]'])
})
