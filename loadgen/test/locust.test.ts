import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startTestSystem, type TestSystem } from '@quickticket/testing/system'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const IMAGE = 'locustio/locust:2.43.4'
const FILE = fileURLToPath(new URL('../locust/locustfile.py', import.meta.url))
/** the scenario of lab 10's Jobs */
const LEVEL_FILE = fileURLToPath(new URL('../../k8s/components/locust/locustfile.py', import.meta.url))
const hasImage = spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' }).status === 0

interface Entry {
  method: string
  name: string
  num_requests: number
  num_failures: number
}

describe.skipIf(!hasImage)(`Locust (needs Docker and the image ${IMAGE})`, () => {
  let system: TestSystem
  beforeAll(async () => {
    system = await startTestSystem()
  }, 120_000)
  afterAll(() => system?.remove())

  test('its users do all that they can do, and nothing of a healthy system counts as a failure', async () => {
    const entries = await locust(system.addresses.gateway, '20', '10s')
    expect(entries.map(({ method, name }) => `${method} ${name}`).sort()).toEqual([
      'GET /events',
      'GET /health',
      'POST /events/{id}/reserve',
      'POST /reserve/{id}/pay',
    ])
    expect(entries.reduce((sum, { num_failures }) => sum + num_failures, 0)).toBe(0)
  }, 120_000)

  test('what is sold out has a line of its own and is no failure, what is broken is one', async () => {
    await sellOut(system.addresses.gateway, [3, 5])
    await system.control.stop('payments')
    const entries = await locust(system.addresses.gateway, '20', '8s')
    const byName = Object.fromEntries(entries.map((entry) => [entry.name, entry]))
    expect(byName['/events/{id}/reserve, sold out (409)']?.num_requests).toBeGreaterThan(0)
    expect(byName['/events/{id}/reserve, sold out (409)']?.num_failures).toBe(0)
    expect(byName['/events/{id}/reserve']).toBeUndefined()
    expect(byName['/health']?.num_failures).toBe(byName['/health']?.num_requests)
  }, 120_000)

  test('a level of lab 10 writes its row, and its exit code says whether the objectives were kept', async () => {
    await system.control.start('payments')
    const kept = await level(system.addresses.gateway, '5', '8s')
    expect(kept.row).toMatch(/^\| 5 \| 20\/s \| \d+\.\d( \| \d+){3} \| 0\.00% \| \d+ \| (kept|missed) \|$/)
    // on a machine that has other work too, the latency may be missed
    expect(kept.code).toBe(kept.row.includes('kept') ? 0 : 3)

    await system.control.stop('events')
    const missed = await level(system.addresses.gateway, '5', '8s')
    expect(missed.row).toMatch(/^\| 5 \| .*\| 100\.00% \| 0 \| missed \|$/)
    expect(missed.code).toBe(3)
    await system.control.start('events')
  }, 120_000)

  test('a scenario that is wrong ends with 1, and with no row', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quickticket-locust-'))
    chmodSync(directory, 0o755)
    const file = join(directory, 'locustfile.py')
    writeFileSync(
      file,
      readFileSync(LEVEL_FILE, 'utf8').replace('random.choice(EVENTS)', 'random.choice(EVNTS)'),
    )
    const { code, stdout } = await runLocust(file, system.addresses.gateway, '5', '6s')
    rmSync(directory, { recursive: true })
    expect(code).toBe(1)
    expect(stdout).not.toMatch(/^\| /m)
  }, 120_000)
})

/** What Locust counted, by method and name; it also ends with 1 when there were failures. */
async function locust(host: string, users: string, time: string): Promise<Entry[]> {
  const { stdout } = await runLocust(FILE, host, users, time, ['--json', '--exit-code-on-error', '0'])
  return JSON.parse(stdout) as Entry[]
}

/** A level as a Job of lab 10 runs it. */
async function level(host: string, users: string, time: string): Promise<{ code: number; row: string }> {
  const { code, stdout } = await runLocust(LEVEL_FILE, host, users, time)
  return { code, row: stdout.split('\n').find((line) => line.startsWith('| ')) ?? stdout }
}

function runLocust(file: string, host: string, users: string, time: string, more: string[] = []) {
  const mount = `${dirname(file)}:/mnt/locust:ro`
  const container = ['run', '--rm', '--network', 'host', '-v', mount, '--entrypoint', 'locust', IMAGE]
  const load = ['--host', host, '--headless', '-u', users, '-r', '20', '-t', time, '--only-summary']
  const args = [...container, '-f', `/mnt/locust/${basename(file)}`, ...load, ...more]
  return new Promise<{ code: number; stdout: string }>((resolve) => {
    execFile('docker', args, (error, stdout) => resolve({ code: Number(error?.code ?? 0), stdout }))
  })
}

async function sellOut(gatewayUrl: string, eventIds: number[]): Promise<void> {
  for (const id of eventIds) {
    for (let quantity = 10; quantity >= 1; ) {
      const { status } = await fetch(`${gatewayUrl}/events/${id}/reserve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ quantity }),
      })
      if (status === 409) quantity -= 1
    }
  }
}
