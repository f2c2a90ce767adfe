import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@quickticket/local/wait'
import { COMPILE_CACHE, launchProgram, type Program } from '@quickticket/testing/program'
import { REPOSITORY } from '@quickticket/testing/repository'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../src/store/store.ts'
import { message, TOKEN } from './server-kit.ts'

const MAIN = join(REPOSITORY, 'sre/src/main.ts')
const START = Date.parse('2026-11-28T12:00:00Z')

interface Running extends Program {
  address: string
  send(body: object): Promise<number>
  get(path: string): Promise<Answer>
}

interface Answer {
  incidents: Incident[]
  /** of one incident */
  alerts: unknown[]
  timeline: { kind: string }[]
  database: { works: boolean; reason: string | null }
}

interface Incident {
  id: string
  title: string
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sre-process-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function serve(directory: string, variables: Record<string, string> = {}): Promise<Running> {
  const program = launchProgram([MAIN, 'serve'], {
    ...COMPILE_CACHE,
    SRE_DATA_DIR: directory,
    SRE_TOKEN: TOKEN,
    SRE_PORT: '0',
    SRE_CATCH_UP_MS: '3600000',
    PROMETHEUS_URL: 'http://127.0.0.1:1',
    ALERTMANAGER_URL: 'http://127.0.0.1:1',
    ...variables,
  })
  onTestFinished(program.end)
  const address = await program.url()
  return {
    ...program,
    address,
    send: (body) =>
      fetch(`${address}/alerts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).then(({ status }) => status),
    get: (path) => fetch(`${address}${path}`).then((answer) => answer.json()) as ReturnType<Running['get']>,
  }
}

/** A message with some of the many different alerts of a cause; causes are unrelated. */
function from(cause: number, ...instances: number[]) {
  return message(
    instances.map((instance) => different(cause, instance)),
    `{}:{alertname="Cause${cause}"}`,
  )
}

function different(cause: number, instance: number) {
  return {
    labels: { alertname: `Cause${cause}`, service: `service-${cause}`, instance: `i-${instance}` },
    annotations: { summary: 'something is wrong here '.repeat(10) },
    startsAt: new Date(START + instance * 1000).toISOString(),
  }
}

test('a server whose database breaks before its first reader answers what it had read itself', async () => {
  const directory = newDirectory()
  const before = await serve(directory)
  expect(await before.send(from(1, 1))).toBe(200)
  await before.end()
  const server = await serve(directory)
  await server.logs.until(({ msg }) => msg === 'cannot look for alerts that did not arrive')
  for (const part of ['', '-wal', '-shm']) rmSync(join(directory, `sre.db${part}`), { force: true })
  writeFileSync(join(directory, 'sre.db'), 'this is no database, whatever its name says'.repeat(1000))
  const answer = await server.get('/incidents')
  expect(answer).toMatchObject({ database: { works: false }, incidents: [{ id: 'INC-0001' }] })
  expect(await server.get('/incidents/1')).toMatchObject({ database: { works: false }, id: 'INC-0001' })
})

test('1,000 different alerts of 20 causes become 20 incidents, in less than 100 MB of its own', async () => {
  const server = await serve(newDirectory())
  const messages = Array.from({ length: 200 }, (_, index) => {
    const cause = index % 20
    const first = Math.floor(index / 20) * 5
    return from(cause, first, first + 1, first + 2, first + 3, first + 4)
  })
  const statuses = await Promise.all(messages.map((body) => server.send(body)))
  expect(new Set(statuses)).toEqual(new Set([200]))
  const { incidents } = await server.get('/incidents')
  expect(new Set(incidents.map(({ title }) => title))).toEqual(
    new Set(Array.from({ length: 20 }, (_, cause) => `Cause${cause} service-${cause}`)),
  )
  expect(incidents).toHaveLength(20)
  expect(await countAlerts(server, incidents)).toBe(1000)
  // without the pages of Node.js itself, which all its processes share
  expect(ownMemoryMb(server.pid)).toBeLessThan(100)
})

async function countAlerts(server: Running, incidents: Incident[]): Promise<number> {
  const details = await Promise.all(incidents.map(({ id }) => server.get(`/incidents/${id}`)))
  return details.reduce((sum, { alerts }) => sum + alerts.length, 0)
}

function ownMemoryMb(pid: number): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

test('a server that is killed during a stream of alerts has kept what it answered, and takes the rest again', async () => {
  const directory = newDirectory()
  const answered = new Set<number>()
  let next = 0
  for (const killAfter of [5, 30]) {
    const server = await serve(directory)
    const streams = [0, 1, 2, 3].map(async () => {
      while (server.isRunning()) {
        const instance = next++
        const status = await server.send(from(instance % 3, instance)).catch(() => 0)
        if (status === 200) answered.add(instance)
        if (answered.size >= killAfter) server.kill('SIGKILL')
      }
    })
    await Promise.all([...streams, server.exited])
  }
  const stored = storedInstances(directory)
  expect(answered.size).toBeGreaterThanOrEqual(30)
  for (const instance of answered) expect(stored).toContain(`i-${instance}`)

  const server = await serve(directory)
  const again = Array.from({ length: next }, (_, instance) => from(instance % 3, instance))
  for (const body of again) expect(await server.send(body)).toBe(200)
  expect(storedInstances(directory)).toHaveLength(next)
  expect((await server.get('/incidents')).incidents).toHaveLength(3)
})

test('a server that is killed during a diagnosis begins it again', async () => {
  const directory = newDirectory()
  const PATH = hangingOnce(directory)
  const killed = await serve(directory, { PATH })
  const targetDown = { alertname: 'TargetDown', severity: 'critical', service: 'payments' }
  expect(await killed.send(message([{ labels: targetDown }]))).toBe(200)
  const pidFile = join(directory, 'hangs')
  expect(await waitUntil(() => existsSync(pidFile), 20_000)).toBe(true)
  killed.kill('SIGKILL')
  await killed.exited
  process.kill(Number(readFileSync(pidFile, 'utf8')))

  const server = await serve(directory, { PATH })
  const { run, outcome } = (await server.logs.until(({ msg }) => msg === 'ran a runbook')) as Ran
  expect({ run, outcome }).toEqual({ run: 2, outcome: 'completed' })
  const { timeline } = await server.get('/incidents/1')
  expect(timeline.filter(({ kind }) => kind === 'runbook')).toHaveLength(1)
})

interface Ran {
  run?: unknown
  outcome?: unknown
}

/** @returns a PATH with bash and a `docker` that hangs when it is called for the first time, and no other program */
function hangingOnce(directory: string): string {
  const programs = join(directory, 'programs')
  mkdirSync(programs)
  symlinkSync('/bin/bash', join(programs, 'bash'))
  const pidFile = join(directory, 'hangs')
  const script = `#!/bin/bash\nif test -e ${pidFile}; then exit; fi\necho $$ > ${pidFile}.new\n/bin/mv ${pidFile}.new ${pidFile}\nexec /bin/sleep 60\n`
  writeFileSync(join(programs, 'docker'), script, { mode: 0o755 })
  return programs
}

function storedInstances(directory: string): string[] {
  const store = openStore(join(directory, 'sre.db'))
  const rows = store.all<{ instance: string }>(`SELECT labels ->> '$.instance' AS instance FROM alerts`)
  store.close()
  return rows.map(({ instance }) => instance)
}

describe('a database that fails', () => {
  test('garbage in its place: it says so, answers from memory, and goes on once the file is repaired', async () => {
    const directory = newDirectory()
    const file = join(directory, 'sre.db')
    const server = await serve(directory)
    expect(await server.send(from(1, 1))).toBe(200)
    expect((await server.get('/incidents')).incidents).toHaveLength(1)

    const parts = ['', '-wal', '-shm'].map((part) => file + part)
    for (const part of parts) renameSync(part, `${part}.good`)
    writeFileSync(file, 'this is no database, whatever its name says'.repeat(1000))
    expect(await server.send(from(2, 2))).toBe(503)
    const answer = await server.get('/incidents')
    expect(answer.incidents).toHaveLength(1)
    expect(answer.database).toMatchObject({ works: false, reason: expect.stringContaining('not a database') })
    expect(await metricOf(server, 'sre_store_works')).toBe(0)
    expect((await fetch(`${server.address}/readyz`)).status).toBe(200)

    for (const part of parts) renameSync(`${part}.good`, part)
    expect(await server.send(from(2, 2))).toBe(200)
    const repaired = await server.get('/incidents')
    expect(repaired.incidents).toHaveLength(2)
    expect(repaired.database).toEqual({ works: true, reason: null })
    expect(await troubles(server)).toEqual(['the database cannot be used', 'the database works again'])
  })

  test('a directory that vanishes: nothing is written until it is back, and no number is given twice', async () => {
    const directory = join(newDirectory(), 'data')
    const server = await serve(directory)
    expect(await server.send(from(1, 1))).toBe(200)
    expect((await server.get('/incidents')).incidents).toHaveLength(1)

    renameSync(directory, `${directory}.away`)
    expect(await server.send(from(2, 2))).toBe(503)
    expect(existsSync(directory)).toBe(false)
    const answer = await server.get('/incidents')
    expect(answer).toMatchObject({ database: { works: false }, incidents: [{ id: 'INC-0001' }] })
    expect(await metricOf(server, 'sre_store_works')).toBe(0)

    // as a command does that is run meanwhile
    openStore(join(directory, 'sre.db')).close()
    expect(await server.send(from(2, 2))).toBe(503)
    expect((await server.get('/incidents')).database.reason).toContain('another database is in its place')

    rmSync(directory, { recursive: true })
    renameSync(`${directory}.away`, directory)
    expect(await server.send(from(2, 2))).toBe(200)
    expect(await server.get('/incidents')).toMatchObject({
      database: { works: true },
      incidents: [{ id: 'INC-0002' }, { id: 'INC-0001' }],
    })
    expect(await troubles(server)).toEqual(['the database cannot be used', 'the database works again'])
  })

  test('a backup that is put in its place is used', async () => {
    const directory = newDirectory()
    const file = join(directory, 'sre.db')
    const server = await serve(directory)
    expect(await server.send(from(1, 1))).toBe(200)
    const store = openStore(file)
    store.run('VACUUM INTO ?', `${file}.backup`)
    store.close()
    expect(await server.send(from(2, 2))).toBe(200)

    for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true })
    renameSync(`${file}.backup`, file)
    expect(await server.get('/incidents')).toMatchObject({
      database: { works: true },
      incidents: [{ id: 'INC-0001' }],
    })
  })

  test('a browser gets the page of an incident as it was read last, with what is wrong', async () => {
    const directory = newDirectory()
    const server = await serve(directory)
    const page = (id: string) =>
      fetch(`${server.address}/incidents/${id}`, { headers: { accept: 'text/html' } })
    expect(await server.send(from(1, 1))).toBe(200)
    expect(await (await page('1')).text()).not.toContain('may be old')

    renameSync(directory, `${directory}.away`)
    const answer = await page('INC-0001')
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).toContain(
      'may be old</span> This was read last. The database cannot be used: the file is gone',
    )
    expect(text).toContain('Cause1 service-1 fires since')
    expect((await page('2')).status).toBe(503)
    renameSync(`${directory}.away`, directory)
  })

  test.skipIf(!hasPrlimit())(
    'a full disk (skipped without prlimit): alerts are refused with 503, the rest is answered',
    async () => {
      const server = await serve(newDirectory())
      expect(await server.send(from(1, 1))).toBe(200)
      limitFiles(server.pid, '1000')
      const large = from(2, ...Array.from({ length: 200 }, (_, instance) => instance))
      expect(await server.send(large)).toBe(503)
      expect(await server.send(large)).toBe(503)
      const answer = await server.get('/incidents')
      expect(answer.incidents).toHaveLength(1)
      expect(answer.database.works).toBe(false)

      limitFiles(server.pid, 'unlimited')
      expect(await server.send(large)).toBe(200)
      expect(await server.get('/incidents')).toMatchObject({ database: { works: true }, incidents: [{}, {}] })
      expect(await troubles(server)).toEqual(['the database cannot be used', 'the database works again'])
    },
  )
})

/** No file of the process may grow beyond this many bytes, as on a disk that is full. */
function limitFiles(pid: number, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'])
    return true
  } catch {
    return false
  }
}

/** What was logged until it worked again. */
async function troubles({ logs }: Running): Promise<string[]> {
  await logs.until(({ msg }) => msg === 'the database works again')
  return logs
    .lines()
    .map(({ msg }) => msg)
    .filter((msg) => msg.startsWith('the database'))
}

async function metricOf(server: Running, name: string): Promise<number> {
  const text = await fetch(`${server.address}/metrics`).then((answer) => answer.text())
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
}
