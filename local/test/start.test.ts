import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  launchRunner,
  makeDataDir,
  runnerCommand,
  type StartOptions,
  startTestSystem,
  type TestSystem,
} from '@quickticket/testing/system'
import { afterAll, expect, test, vi } from 'vitest'
import { SERVICES } from '../src/components.ts'
import { connectControl } from '../src/control-client.ts'
import { isRunning, listProcesses } from '../src/processes.ts'
import { findRedis } from '../src/redis-server.ts'
import { waitUntil } from '../src/wait.ts'

// most tests start the whole system, some more than once
vi.setConfig({ testTimeout: 120_000 })

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const hasRedis = findRedis(process.env.PATH ?? '') !== undefined
const dataDirs: string[] = []

afterAll(() => {
  for (const dir of dataDirs) rmSync(dir, { recursive: true, force: true })
})

function newDataDir(): string {
  const dir = makeDataDir()
  dataDirs.push(dir)
  return dir
}

/** Starts the runner, which is expected to give up: its exit code and what it says. */
async function refusal(options: StartOptions): Promise<{ code: unknown; text: string }> {
  const runner = launchRunner({ dataDir: newDataDir(), ...options })
  const code = await runner.exited
  return { code, text: runner.stderr().trim() }
}

async function reserve(system: TestSystem): Promise<string> {
  const answer = await fetch(`${system.addresses.gateway}/events/1/reserve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"quantity":1}',
  })
  return ((await answer.json()) as { reservation_id: string }).reservation_id
}

async function available(system: TestSystem): Promise<number> {
  const answer = await fetch(`${system.addresses.gateway}/events/1`)
  return ((await answer.json()) as { available: number }).available
}

async function pidsOf(system: TestSystem): Promise<number[]> {
  const { pid, components } = await system.control.status()
  const parents = [pid, ...components.flatMap((component) => component.pid ?? [])]
  const children = listProcesses().filter(({ parent }) => parents.includes(parent))
  return [...new Set([...parents, ...children.map((child) => child.pid)])]
}

test('--sre also starts the page of budgets and incidents, which says what it cannot measure', async () => {
  const system = await startTestSystem({
    args: ['--sre'],
    env: { PROMETHEUS_URL: 'http://127.0.0.1:9', SRE_TOKEN: 'a-token-of-the-test' },
  })
  const page = await fetch(system.addresses.sre, { headers: { accept: 'text/html' } })
  expect([page.status, await page.text()]).toEqual([
    200,
    expect.stringContaining('Prometheus does not answer'),
  ])
  await system.control.kill('sre')
  expect(await available(system)).toBe(100)
  await system.control.start('sre')
  expect((await fetch(`${system.addresses.sre}/livez`)).status).toBe(200)
  await system.remove()
})

test('piped, standard output is nothing but the JSON lines of the services', async () => {
  const system = await startTestSystem()
  await Promise.all(Array.from({ length: 200 }, () => fetch(`${system.addresses.gateway}/events`)))
  const pids = await pidsOf(system)
  await system.control.down()

  const entries = system
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(new Set(entries.map((entry) => entry.service))).toEqual(new Set(['migrations', ...SERVICES]))
  const kept = readFileSync(join(system.dataDir, 'logs', 'gateway.log'), 'utf8')
    .trimEnd()
    .split('\n')
  expect(entries.filter((entry) => entry.service === 'gateway')).toEqual(kept.map((line) => JSON.parse(line)))
  expect(entries.filter((entry) => entry.service === 'gateway' && entry.msg === 'GET /events')).toHaveLength(
    200,
  )
  // its own questions are no traffic
  expect(system.stdout()).not.toMatch(/livez|readyz|health/)
  expect(system.stderr()).toContain(`${system.addresses.gateway}/docs`)
  for (const step of ['PostgreSQL', 'schema', ...SERVICES]) {
    expect(system.stderr()).toMatch(new RegExp(`^${step} +\\d+\\.\\d s$`, 'm'))
  }
  expect(await system.exited).toBe(0)
  expect(pids.filter((pid) => isRunning(pid))).toEqual([])
  await system.remove()
})

test('orders survive a restart, and --fresh starts without them', async () => {
  const dataDir = newDataDir()
  const first = await startTestSystem({ dataDir })
  const before = await available(first)
  const reservation = await reserve(first)
  const paid = await fetch(`${first.addresses.gateway}/reserve/${reservation}/pay`, { method: 'POST' })
  expect(paid.status).toBe(200)
  process.kill(first.pid, 'SIGTERM')
  expect(await first.exited).toBe(0)

  const second = await startTestSystem({ dataDir })
  expect(await available(second)).toBe(before - 1)
  await second.control.down()

  const third = await startTestSystem({ dataDir, args: ['--fresh'] })
  expect(await available(third)).toBe(before)
  await third.remove()
})

test('a second start on the same data says in one line that it runs already', async () => {
  const system = await startTestSystem()
  const second = await refusal({ dataDir: system.dataDir })
  expect(second.code).toBe(1)
  expect(second.text).toBe(
    `QuickTicket runs here already (pid ${system.pid}): stop it with Ctrl-C there or with npm run local -- down`,
  )
  expect((await fetch(`${system.addresses.gateway}/events`)).status).toBe(200)
  await system.remove()
})

test('when the runner is killed nothing is left running, and the next start just works', async () => {
  const system = await startTestSystem()
  await system.control.pause('payments')
  await system.control.pause('postgres')
  const pids = await pidsOf(system)
  expect(pids.length).toBeGreaterThan(6)
  process.kill(system.pid, 'SIGKILL')
  const again = startTestSystem({ dataDir: system.dataDir })
  expect(await waitUntil(() => pids.every((pid) => !isRunning(pid)), 20_000)).toBe(true)
  const next = await again
  expect((await fetch(`${next.addresses.gateway}/events`)).status).toBe(200)
  await next.remove()
})

test.each([
  ['', 'npm is gone'],
  ['; true', 'npm is gone but its shell is not'],
])('started by npm%s, it stops when %s', async (afterwards) => {
  const dataDir = newDataDir()
  const { env, args } = runnerCommand({ dataDir, env: { npm_lifecycle_event: 'start' } })
  const npm = spawn(
    process.execPath,
    [
      '--eval',
      `require('node:child_process').spawn('/bin/sh', ['-c', '"$0" "$1"${afterwards}', ...process.argv.slice(1)])`,
      process.execPath,
      ...args,
    ],
    { env },
  )
  const control = connectControl(dataDir)
  const { pid, components } = await control.ready(60_000)
  npm.kill('SIGKILL')
  const pids = [pid, ...components.flatMap((component) => component.pid ?? [])]
  expect(await waitUntil(() => pids.every((each) => !isRunning(each)), 15_000)).toBe(true)
})

test.each([100, 400, 800, 1200, 1800])(
  'stopped %d ms after it was started, it leaves nothing',
  async (ms) => {
    const runner = launchRunner({ dataDir: newDataDir() })
    await delay(ms)
    const started = listProcesses().filter(({ parent }) => parent === runner.pid)
    process.kill(runner.pid, 'SIGINT')
    expect([0, 'SIGINT']).toContain(await runner.exited)
    expect(
      await waitUntil(() => started.every(({ pid, startedAt }) => !isRunning(pid, startedAt)), 10_000),
    ).toBe(true)
  },
)

test('a second Ctrl-C does not wait for what the first one asked for', async () => {
  const system = await startTestSystem({ dataDir: newDataDir(), env: { SHUTDOWN_DELAY_MS: '60000' } })
  const pids = await pidsOf(system)
  process.kill(system.pid, 'SIGINT')
  expect(await waitUntil(() => system.stdout().includes('"signal":"SIGTERM"'), 5000)).toBe(true)
  // npm repeats the first one at once, which does not count
  await delay(1100)
  const secondAt = performance.now()
  process.kill(system.pid, 'SIGINT')
  expect(await system.exited).toBe(0)
  expect(performance.now() - secondAt).toBeLessThan(2000)
  expect(await waitUntil(() => pids.every((pid) => !isRunning(pid)), 5000)).toBe(true)
})

test('a service that stops at its start takes the start with it, and its message is shown', async () => {
  const { code, text } = await refusal({ env: { PAYMENT_FAILURE_RATE: '2', PAYMENT_LATENCY: '1' } })
  expect(code).toBe(1)
  expect(text).toMatch(/^no service reads PAYMENT_LATENCY: did you mean PAYMENT_LATENCY_MS\?$/m)
  expect(text).toMatch(/payments stopped at its start: .*PAYMENT_FAILURE_RATE="2"/)
})

test('all busy ports are named at once, each with its service and the variable that chooses another', async () => {
  const server = createServer().listen(0)
  const { port } = server.address() as { port: number }
  const other = createServer().listen(0)
  const { port: otherPort } = other.address() as { port: number }
  const { code, text } = await refusal({
    env: { GATEWAY_PORT: String(port), POSTGRES_PORT: String(otherPort), EVENTS_PORT: String(port) },
  })
  expect(code).toBe(1)
  expect(text.split('\n')).toEqual([
    expect.stringMatching(
      new RegExp(`^port ${port} for gateway is in use: choose another one, as in GATEWAY_PORT=\\d+$`),
    ),
    expect.stringMatching(new RegExp(`^port ${port} for events is in use: .* EVENTS_PORT=\\d+$`)),
    expect.stringMatching(new RegExp(`^port ${otherPort} for postgres is in use: .* POSTGRES_PORT=\\d+$`)),
  ])
  server.close()
  other.close()
})

test.each([
  [['--frsh'], {}, "Unknown option '--frsh'; npm start -- --help lists what there is"],
  [['fresh'], {}, "Unexpected argument 'fresh'"],
  [[], { EVENTS_PORT: '80a' }, 'EVENTS_PORT="80a" must be a port from 0 to 65535 (0: any free one)'],
  [[], { REDIS_PORT: '65536' }, 'REDIS_PORT="65536" must be a port'],
])('%j with %j is refused in one line', async (args, env, message) => {
  const { code, text } = await refusal({ args, env })
  expect(code).toBe(2)
  expect(text).toContain(message)
  expect(text.split('\n')).toHaveLength(1)
})

test('--help tells the flags, the ports and the control command', async () => {
  const runner = launchRunner({ dataDir: newDataDir(), args: ['--help'] })
  expect(await runner.exited).toBe(0)
  for (const word of ['--fresh', '--json', 'GATEWAY_PORT', 'QUICKTICKET_DATA_DIR', 'npm run local']) {
    expect(runner.stdout()).toContain(word)
  }
})

test('a data directory that cannot be written to is one line', async () => {
  const dataDir = newDataDir()
  chmodSync(dataDir, 0o555)
  const { code, text } = await refusal({ dataDir: join(dataDir, 'data'), ...(isRoot && { uid: NOBODY }) })
  expect(code).toBe(1)
  expect(text).toMatch(/^cannot write to the data directory .* \(EACCES\): set QUICKTICKET_DATA_DIR to one/)
  expect(text.split('\n')).toHaveLength(1)
})

test('data of another PostgreSQL major is one line', async () => {
  const dataDir = newDataDir()
  mkdirSync(join(dataDir, 'postgres'))
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '15\n')
  const { code, text } = await refusal({ dataDir })
  expect(code).toBe(1)
  expect(text.split('\n').at(-1)).toMatch(
    /holds data of PostgreSQL 15, but this is PostgreSQL 17: start from empty data with npm start -- --fresh/,
  )
})

test('without a Redis it says so in one line, and tickets are sold all the same', async () => {
  const path = newDataDir()
  symlinkSync(process.execPath, join(path, 'node'))
  const system = await startTestSystem({ env: { PATH: path } })
  expect(system.stderr()).toMatch(/^no Redis here: .*\n.*apt-get install redis-server/m)
  expect(system.addresses.redis).toBeUndefined()
  // what it offers to try is there
  expect(system.stderr()).toContain('npm run local -- stop payments')
  expect(system.stderr()).not.toContain('stop redis')
  const reservation = await reserve(system)
  const paid = await fetch(`${system.addresses.gateway}/reserve/${reservation}/pay`, { method: 'POST' })
  expect(paid.status).toBe(200)
  await system.remove()
})

test.skipIf(!isRoot)('an ordinary user starts it too', async () => {
  const parent = newDataDir()
  chmodSync(parent, 0o777)
  const system = await startTestSystem({ dataDir: join(parent, 'data'), uid: NOBODY })
  expect((await fetch(`${system.addresses.gateway}/events`)).status).toBe(200)
  expect((await system.control.status()).components).toHaveLength(hasRedis ? 6 : 5)
  await system.remove()
})
