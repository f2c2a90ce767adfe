import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { makeDataDir, startTestSystem, type TestSystem } from '@quickticket/testing/system'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { COMPONENTS, SERVICES } from '../src/components.ts'
import { REPOSITORY } from '../src/data-dir.ts'
import { findRedis } from '../src/redis-server.ts'
import { waitUntil } from '../src/wait.ts'

// a restart takes a second or two, and more where a lot runs
vi.setConfig({ testTimeout: 60_000 })

const hasRedis = findRedis(process.env.PATH ?? '') !== undefined
const components = COMPONENTS.filter((name) => name !== 'sre' && (hasRedis || name !== 'redis'))
let system: TestSystem

beforeAll(async () => {
  system = await startTestSystem()
})

afterAll(() => system.remove())

function local(...args: string[]): Promise<{ code: number; output: string }> {
  return run(['local/src/cli.ts', ...args])
}

/** A command of this project, in a shell that knows nothing of the system but where its data is. */
async function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; output: string }> {
  const { DB_HOST, DB_PORT, REDIS_HOST, REDIS_PORT, DISPLAY, WAYLAND_DISPLAY, ...others } = process.env
  const child = spawn(process.execPath, args, {
    cwd: REPOSITORY,
    env: { ...others, QUICKTICKET_DATA_DIR: system.dataDir, ...env },
  })
  const closed = once(child, 'close')
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join('').trim()
  return { code: (await closed)[0], output }
}

async function stateOf(name: string) {
  const { components } = await system.control.status()
  return components.find(({ component }) => component === name)
}

async function statusOf(url: string): Promise<number | string> {
  return fetch(url, { signal: AbortSignal.timeout(500) }).then(
    ({ status }) => status,
    (error: Error) => error.name,
  )
}

async function listIsBack(): Promise<boolean> {
  return waitUntil(async () => (await statusOf(`${system.addresses.gateway}/events`)) === 200, 10_000)
}

test.each(components)('%s is stopped, started, killed and started again', async (name) => {
  const before = await stateOf(name)
  await system.control.stop(name)
  expect(await stateOf(name)).toMatchObject({ state: 'stopped' })
  expect(await stateOf(name)).not.toHaveProperty('pid')
  await system.control.start(name)
  const between = await stateOf(name)
  expect(between).toMatchObject({ state: 'running', address: before?.address })
  expect(between?.pid).not.toBe(before?.pid)
  await system.control.kill(name)
  expect(await stateOf(name)).toMatchObject({ state: 'stopped' })
  await system.control.start(name)
  expect(await listIsBack()).toBe(true)
})

test.each(SERVICES)('%s does not answer while it is paused', async (name) => {
  const url = `${system.addresses[name]}/livez`
  await system.control.pause(name)
  expect(await statusOf(url)).toBe('TimeoutError')
  expect(await stateOf(name)).toMatchObject({ state: 'paused' })
  await system.control.resume(name)
  expect(await waitUntil(async () => (await statusOf(url)) === 200, 5000)).toBe(true)
})

test('a paused component can be stopped and killed', async () => {
  await system.control.pause('payments')
  await system.control.stop('payments')
  await system.control.start('payments')
  await system.control.pause('postgres')
  await system.control.kill('postgres')
  await system.control.start('postgres')
  expect(await listIsBack()).toBe(true)
})

test('variables are for one start', async () => {
  const health = async () => (await fetch(`${system.addresses.payments}/health`)).json()
  await system.control.restart('payments', { PAYMENT_FAILURE_RATE: '0.25' })
  expect(await health()).toMatchObject({ failure_rate: 0.25 })
  await system.control.restart('payments')
  expect(await health()).toMatchObject({ failure_rate: 0 })
})

test('a bad variable is told by the service itself, which is down then', async () => {
  await expect(system.control.restart('payments', { PAYMENT_LATENCY_MS: '-1' })).rejects.toThrow(
    /^payments stopped at its start: .*PAYMENT_LATENCY_MS="-1"/,
  )
  expect(await stateOf('payments')).toMatchObject({ state: 'stopped' })
  await system.control.start('payments')
})

test('a component that ends by itself stays down, and one line says so', async () => {
  const { pid } = (await stateOf('notifications')) as { pid: number }
  process.kill(pid, 'SIGKILL')
  const line =
    'notifications was ended by SIGKILL and stays down; to start it again: npm run local -- start notifications'
  expect(await waitUntil(() => system.stderr().split('\n').includes(line), 5000)).toBe(true)
  expect(await stateOf('notifications')).toMatchObject({ state: 'stopped' })
  await system.control.start('notifications')
})

test('the command prints one line, and a table for status', async () => {
  expect(await local('stop', 'payments')).toEqual({ code: 0, output: 'payments is stopped' })
  const started = await local('start', 'payments', 'PAYMENT_FAILURE_RATE=1')
  expect(started.output).toMatch(/^payments is running \(pid \d+, http:\/\/localhost:\d+\)$/)
  const { output } = await local('status')
  for (const name of components) expect(output).toMatch(new RegExp(`^${name} +running`, 'm'))
})

test('status says what is stopped, paused, injected and given, and is not ready then', async () => {
  await system.control.restart('payments', { PAYMENT_FAILURE_RATE: '0.25', LOG_LEVEL: 'warn' })
  await local('faults', 'events', 'GET /events* 5% latency=200ms; GET /events 1% reset')
  await system.control.stop('notifications')
  await system.control.pause('gateway')
  const { output } = await local('status')
  const lines = output.split('\n')
  expect(lines).toContainEqual(expect.stringMatching(/^faults +payments +PAYMENT_FAILURE_RATE=0\.25$/))
  expect(lines).toContainEqual(
    expect.stringMatching(/^ +events +GET \/events\* 5% latency=200ms +\(struck 0 times\)$/),
  )
  expect(lines).toContainEqual(expect.stringMatching(/^ +events +GET \/events 1% reset +\(struck 0 times\)$/))
  expect(lines).toContainEqual(expect.stringMatching(/^variables +payments +LOG_LEVEL=warn$/))
  expect(lines.at(-1)).toMatch(
    /^QuickTicket is degraded: gateway is paused, notifications is stopped \(runner: /,
  )
  expect(JSON.parse((await local('status', '--json')).output)).toMatchObject({ state: 'degraded' })

  await system.control.resume('gateway')
  await system.control.start('notifications')
  await system.control.restart('payments')
  expect(await local('faults', 'none')).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^events +none$/m),
  })
  const after = await local('status')
  expect(after.output).toMatch(/\nQuickTicket is ready \(runner: pid \d+\)$/)
  expect(after.output).not.toMatch(/^faults/m)
})

test('faults strike at once, without a restart, and only who has the token of the runner sets them', async () => {
  const before = await stateOf('gateway')
  const set = await local('faults', 'gateway', 'GET /events 100% status=418')
  expect(set).toEqual({ code: 0, output: 'gateway        GET /events 100% status=418  (struck 0 times)' })
  expect(await statusOf(`${system.addresses.gateway}/events`)).toBe(418)
  expect((await local('faults', 'gateway')).output).toContain('(struck 1 time)')
  expect(await statusOf(`${system.addresses.gateway}/faults`)).toBe(401)
  expect(await local('faults', 'gateway', 'GET /events 5% explode')).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^gateway: at column 16: "explode" is no fault/),
  })
  await local('faults', 'gateway', 'none')
  expect(await statusOf(`${system.addresses.gateway}/events`)).toBe(200)
  expect(await stateOf('gateway')).toEqual(before)
})

test('commands on the data find the databases of the running system, wherever they listen', async () => {
  const strangers = { REDIS_PORT: '0' }
  const audit = await run(
    ['local/src/with-stores.ts', 'services/events/src/audit/main.ts', '--json'],
    strangers,
  )
  expect(audit.code).toBe(0)
  expect(JSON.parse(audit.output)).toMatchObject({ ok: true, violations: [] })
  const status = await run(['local/src/with-stores.ts', 'migrations/src/migrate.ts', 'status', '--json'])
  expect(JSON.parse(status.output)).toMatchObject({ pending: 0 })
  const refilled = JSON.parse((await local('refill', '--json')).output)
  expect(refilled[0]).toMatchObject({ eventId: 1, free: 100 })
})

test('a database that the shell names is the one that is taken', async () => {
  const { code, output } = await run(['local/src/with-stores.ts', 'services/events/src/audit/main.ts'], {
    DB_HOST: '127.0.0.1',
    DB_PORT: '1',
  })
  expect({ code, output }).toEqual({
    code: 2,
    output:
      'the audit was not possible: PostgreSQL at 127.0.0.1:1 (quickticket): connect ECONNREFUSED 127.0.0.1:1',
  })
})

test.runIf(hasRedis)('without its Redis the audit says so in a sentence', async () => {
  await system.control.stop('redis')
  const { code, output } = await run(['local/src/with-stores.ts', 'services/events/src/audit/main.ts'])
  await system.control.start('redis')
  expect(code).toBe(2)
  expect(output).toBe(
    `the audit was not possible: Redis at ${system.addresses.redis} does not answer; HOLD_STORE=memory leaves the holds out`,
  )
})

test('logs are those of all services in the order of time, or of one, from a level on', async () => {
  await fetch(`${system.addresses.gateway}/no-such-page`)
  const lines = (text: string) => text.split('\n').map((line) => JSON.parse(line) as Record<string, string>)
  const all = lines((await local('logs', '-n', '50')).output)
  expect(all).toHaveLength(50)
  expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).toSorted())
  const gateway = lines((await local('logs', 'gateway')).output)
  expect(new Set(gateway.map(({ service }) => service))).toEqual(new Set(['gateway']))
  expect(gateway.at(-1)).toMatchObject({ msg: 'GET /no-such-page' })
  const warnings = lines((await local('logs', '--level', 'warning')).output)
  expect(warnings.filter(({ level }) => level === 'INFO')).toEqual([])
  expect(warnings.length).toBeGreaterThan(0)
})

test('logs -f goes on', async () => {
  const child = spawn(process.execPath, ['local/src/cli.ts', 'logs', 'gateway', '-f', '-n', '0'], {
    cwd: REPOSITORY,
    env: { ...process.env, QUICKTICKET_DATA_DIR: system.dataDir },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
  })
  const seen = async () => {
    await fetch(`${system.addresses.gateway}/look-at-me`)
    return output.includes('GET /look-at-me')
  }
  expect(await waitUntil(seen, 10_000, 200)).toBe(true)
  child.kill()
})

test('open tells the address where there is no browser', async () => {
  const url = `${system.addresses.gateway}/docs`
  expect(JSON.parse((await local('open', '--json')).output)).toEqual({ url, opened: false })
  expect(await statusOf(url)).toBe(200)
})

test.each([
  [['stop', 'database'], 2, 'there is no component database, only gateway, '],
  [['halt', 'events'], 2, 'there is no command halt'],
  [['stop'], 2, 'stop what? One of gateway, '],
  [['start', 'events', 'DB_PORT'], 2, 'DB_PORT is not NAME=value'],
  [['stop', 'events', 'A=1'], 2, 'stop takes no variables'],
  [['start', 'postgres', 'A=1'], 1, 'postgres takes no variables'],
  [['restart', 'events', 'PORT=1'], 1, 'PORT stays what it was'],
  [['restart', 'payments', 'PAYMENT_LATENCY=2000'], 1, 'did you mean PAYMENT_LATENCY_MS?'],
  [
    ['restart', 'gateway', 'PAYMENT_FAILURE_RATE=1'],
    1,
    'gateway does not read PAYMENT_FAILURE_RATE; payments does',
  ],
  [['faults', 'redis', 'none'], 2, 'there is no component redis, only gateway'],
  [['--all'], 2, "Unknown option '--all'"],
])('npm run local -- %s fails in one line', async ([...args], code, message) => {
  const result = await local(...(args as string[]))
  expect(result.code).toBe(code)
  expect(result.output).toContain(message)
  expect(result.output.split('\n')).toHaveLength(1)
})

test('where nothing runs, it says how to start', async () => {
  const { dataDir } = system
  system.dataDir = makeDataDir()
  expect(await local('status')).toEqual({
    code: 1,
    output: `QuickTicket is not running (${system.dataDir}): start it with npm start`,
  })
  rmSync(system.dataDir, { recursive: true })
  system.dataDir = dataDir
})
