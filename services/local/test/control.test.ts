import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { COMPONENTS, SERVICES } from '../src/components.ts'
import { findRedis } from '../src/redis-server.ts'
import { makeDataDir, startTestSystem, type TestSystem } from '../src/test-system.ts'
import { waitUntil } from '../src/wait.ts'

// a restart takes a second or two, and more where a lot runs
vi.setConfig({ testTimeout: 60_000 })

const hasRedis = findRedis(process.env.PATH ?? '') !== undefined
const components = COMPONENTS.filter((name) => hasRedis || name !== 'redis')
let system: TestSystem

beforeAll(async () => {
  system = await startTestSystem()
})

afterAll(() => system.remove())

async function local(...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/cli.ts', import.meta.url)), ...args], {
    env: { ...process.env, QUICKTICKET_DATA_DIR: system.dataDir },
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

test.each([
  [['stop', 'database'], 2, 'there is no component database, only gateway, '],
  [['halt', 'events'], 2, 'there is no command halt'],
  [['stop'], 2, 'stop what? One of gateway, '],
  [['start', 'events', 'DB_PORT'], 2, 'DB_PORT is not NAME=value'],
  [['stop', 'events', 'A=1'], 2, 'stop takes no variables'],
  [['start', 'postgres', 'A=1'], 1, 'postgres takes no variables'],
  [['restart', 'events', 'PORT=1'], 1, 'PORT stays what it was'],
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
